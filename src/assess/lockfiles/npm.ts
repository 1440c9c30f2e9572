import { objectOf, textOf } from '../sbom/json.ts'
import { type Collector, collector, jsonObject, type LockReader } from './lockfile.ts'

/** npm: `package-lock.json` and `npm-shrinkwrap.json` of lockfileVersion 1, 2 and 3. */
export const npm: LockReader = {
  id: 'npm',
  accepts: (name) => name === 'package-lock.json' || name === 'npm-shrinkwrap.json',
  read(text) {
    const lock = jsonObject(text)
    const found = collector()
    if (lock['packages'] === undefined) nested(lock['dependencies'], found)
    else
      for (const [path, value] of Object.entries(objectOf(lock['packages']))) {
        const entry = objectOf(value)
        // The project itself, its workspaces, and links to them.
        if (!path.includes('node_modules/') || entry['link'] === true) continue
        one(textOf(entry['name']) ?? path.slice(path.lastIndexOf('node_modules/') + 13), textOf(entry['version']), found)
      }
    return found.reading()
  },
}

/** Version 1: what a package brings of its own stands inside it. */
function nested(dependencies: unknown, found: Collector): void {
  for (const [name, value] of Object.entries(objectOf(dependencies))) {
    const entry = objectOf(value)
    one(name, textOf(entry['version']), found)
    nested(entry['dependencies'], found)
  }
}

function one(name: string, version: string | null, found: Collector): void {
  // `npm:real@1.0.0` is another package under a name of the project's own.
  const [, real, at] = /^npm:(@?[^@]+)@(.+)$/.exec(version ?? '') ?? []
  if (real !== undefined && at !== undefined) found.add('npm', real, at)
  else if (version !== null && /^\d/.test(version)) found.add('npm', name, version)
  else found.leave(`${name}: ${version ?? 'no version'}`)
}
