import { load } from 'js-yaml'
import { listOf, objectOf, textOf } from '../sbom/json.ts'
import { collector, jsonObject, type LockReader } from './lockfile.ts'

/** Bun: `bun.lock`, JSON with commas before closing brackets; packages are lists that begin with `NAME@VERSION`. */
export const bun: LockReader = {
  id: 'bun',
  accepts: (name) => name === 'bun.lock',
  read(text) {
    const found = collector()
    for (const [key, value] of Object.entries(objectOf(jsonObject(withoutLastCommas(text))['packages']))) {
      const spec = textOf(listOf(value)[0]) ?? ''
      const [, name, version] = /^(@?[^@]+)@(\d[^@/]*)$/.exec(spec) ?? []
      if (name !== undefined && version !== undefined) found.add('npm', name, version)
      else if (!spec.includes('@workspace:')) found.leave(spec === '' ? key : spec)
    }
    return found.reading()
  },
}

/** Takes out commas that nothing but a closing bracket follows; what stands in strings stays. */
function withoutLastCommas(text: string): string {
  return text.replace(/"(?:\\.|[^"\\])*"|,(?=\s*[}\]])/g, (part) => (part === ',' ? '' : part))
}

/** Dart and Flutter: `pubspec.lock`. */
export const pub: LockReader = {
  id: 'pub',
  accepts: (name) => name === 'pubspec.lock',
  read(text) {
    const found = collector()
    for (const [name, value] of Object.entries(objectOf(objectOf(load(text))['packages']))) {
      const one = objectOf(value)
      const [source, version] = [textOf(one['source']), textOf(one['version'])]
      if (source === 'sdk') continue
      if (source === 'hosted' && version !== null) found.add('pub', name, version)
      else found.leave(`${name}: from ${source ?? 'nowhere'}`)
    }
    return found.reading()
  },
}

/** Elixir: `mix.lock`, a map of tuples: `"plug": {:hex, :plug, "1.14.0", …}`. */
export const mix: LockReader = {
  id: 'mix',
  accepts: (name) => name === 'mix.lock',
  read(text) {
    const found = collector()
    for (const line of text.split(/\r?\n/)) {
      const [, key, kind] = /^\s*"([^"]+)":\s*\{:(\w+),/.exec(line) ?? []
      if (key === undefined) continue
      const [, name, version] = /\{:hex,\s*:"?([\w.-]+)"?,\s*"([^"]+)"/.exec(line) ?? []
      if (name === undefined || version === undefined) found.leave(`${key}: from ${kind}`)
      else found.add('hex', name, version)
    }
    return found.reading()
  },
}

/** Swift: `Package.resolved` of version 1 to 3; packages are called by their repositories, as advisories do. */
export const swift: LockReader = {
  id: 'swift',
  accepts: (name) => name === 'Package.resolved',
  read(text) {
    const found = collector()
    const lock = jsonObject(text)
    for (const item of listOf(lock['pins'] ?? objectOf(lock['object'])['pins'])) {
      const pin = objectOf(item)
      const place = textOf(pin['location'] ?? pin['repositoryURL']) ?? ''
      const name = /^(?:https?:\/\/|ssh:\/\/git@|git@)([^/:]+)[/:](.+?)(?:\.git)?\/?$/.exec(place)
      const version = textOf(objectOf(pin['state'])['version'])
      if (name === null || version === null) found.leave(`${place}: ${version ?? 'no version'}`)
      else found.add('swift', `${name[1]}/${name[2]}`, version)
    }
    return found.reading()
  },
}

/** Conan: `conan.lock` of 2 (`NAME/VERSION#REVISION` in lists) and of 1 (a graph with a `ref` each). */
export const conan: LockReader = {
  id: 'conan',
  accepts: (name) => name === 'conan.lock',
  read(text) {
    const found = collector()
    const lock = jsonObject(text)
    const listed = ['requires', 'build_requires', 'python_requires'].flatMap((key) => listOf(lock[key]))
    const nodes = Object.values(objectOf(objectOf(lock['graph_lock'])['nodes'])).map((node) => objectOf(node)['ref'])
    for (const ref of [...listed, ...nodes]) {
      const text = textOf(ref)
      // The project itself has no reference.
      if (text === null || text === '') continue
      const [, name, version] = /^([^/@#]+)\/([^/@#]+)/.exec(text) ?? []
      if (name === undefined || version === undefined || version.startsWith('[')) found.leave(text)
      else found.add('conan', name, version)
    }
    return found.reading()
  },
}
