import { parse } from 'smol-toml'
import { listOf, objectOf, textOf } from '../sbom/json.ts'
import { collector, type LockReader } from './lockfile.ts'

/** Cargo: `Cargo.lock`; packages without a source are the project's own. */
export const cargo: LockReader = {
  id: 'cargo',
  accepts: (name) => name === 'Cargo.lock',
  read(text) {
    const found = collector()
    for (const item of listOf(parse(text)['package'])) {
      const one = objectOf(item)
      const [name, version, source] = [textOf(one['name']), textOf(one['version']), textOf(one['source'])]
      if (source === null) continue
      if (name === null || version === null) found.leave(name ?? 'a package without a name')
      else if (source.startsWith('git+')) found.leave(`${name} ${version}: from ${source.slice(0, 100)}`)
      else found.add('cargo', name, version)
    }
    return found.reading()
  },
}
