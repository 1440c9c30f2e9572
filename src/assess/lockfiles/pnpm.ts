import { load } from 'js-yaml'
import { objectOf, textOf } from '../sbom/json.ts'
import { collector, type LockReader } from './lockfile.ts'

const SLASH = /^\/((?:@[^/]+\/)?[^/@]+)\/(\d[^/_(]*)/
const AT = /^\/?((?:@[^/]+\/)?[^/@]+)@(\d[^(_]*)/

/** pnpm: `pnpm-lock.yaml` of lockfileVersion 5 to 9: packages are keys, `/NAME/VERSION_PEERS`, `/NAME@VERSION(PEERS)` or `NAME@VERSION`. */
export const pnpm: LockReader = {
  id: 'pnpm',
  accepts: (name) => name === 'pnpm-lock.yaml',
  read(text) {
    const found = collector()
    for (const [key, value] of Object.entries(objectOf(objectOf(load(text))['packages']))) {
      const [, name, version] = SLASH.exec(key) ?? AT.exec(key) ?? []
      const own = objectOf(value)
      const [realName, realVersion] = [textOf(own['name']) ?? name, textOf(own['version']) ?? version]
      if (realName === undefined || realVersion === undefined) found.leave(key)
      else found.add('npm', realName, realVersion)
    }
    return found.reading()
  },
}
