import { loadAll } from 'js-yaml'
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
    // pnpm may write what it itself is run with as a document of its own before the project's.
    const entries = loadAll(text).flatMap((document) => Object.entries(objectOf(objectOf(document)['packages'])))
    for (const [key, value] of entries) {
      const [, name, version] = SLASH.exec(key) ?? AT.exec(key) ?? []
      const own = objectOf(value)
      const [realName, realVersion] = [textOf(own['name']) ?? name, textOf(own['version']) ?? version]
      if (realName === undefined || realVersion === undefined) found.leave(key)
      else found.add('npm', realName, realVersion)
    }
    return found.reading()
  },
}
