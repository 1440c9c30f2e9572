import { listOf, objectOf, textOf } from '../sbom/json.ts'
import { collector, jsonObject, type LockReader } from './lockfile.ts'

/** Composer: `composer.lock`. */
export const composer: LockReader = {
  id: 'composer',
  accepts: (name) => name === 'composer.lock',
  read(text) {
    const found = collector()
    const lock = jsonObject(text)
    for (const item of [...listOf(lock['packages']), ...listOf(lock['packages-dev'])]) {
      const one = objectOf(item)
      const [name, version] = [textOf(one['name']), textOf(one['version'])]
      if (name === null || version === null || version.startsWith('dev-'))
        found.leave(`${name ?? 'a package'}: ${version ?? 'no version'}`)
      else found.add('composer', name, version.replace(/^v(?=\d)/, ''))
    }
    return found.reading()
  },
}

/** Bundler: `Gemfile.lock` and `gems.locked`; what comes from git or a path is left. */
export const gem: LockReader = {
  id: 'gem',
  accepts: (name) => name === 'Gemfile.lock' || name === 'gems.locked',
  read(text) {
    const found = collector()
    let section = ''
    for (const line of text.split(/\r?\n/)) {
      if (/^[A-Z]/.test(line)) section = line.trim()
      const [, name, version] = /^ {4}(\S+) \(([^)]+)\)$/.exec(line) ?? []
      if (name === undefined || version === undefined) continue
      // `1.16.0-x86_64-linux`: the same version, built for one platform; Bundler writes no other dash into a version.
      if (section === 'GEM') found.add('gem', name, version.replace(/-.*$/, ''))
      else if (section === 'GIT' || section === 'PATH') found.leave(`${name} ${version}: from ${section.toLowerCase()}`)
    }
    return found.reading()
  },
}

/** NuGet: `packages.lock.json`, by framework, and the older `packages.config`. */
export const nuget: LockReader = {
  id: 'nuget',
  accepts: (name) => name === 'packages.lock.json' || name === 'packages.config',
  read(text) {
    const found = collector()
    if (text.trimStart().startsWith('<') || text.startsWith('\ufeff<')) {
      for (const [, attributes = ''] of text.matchAll(/<package\s([^>]*)>/g)) {
        const [id, version] = ['id', 'version'].map((name) => new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1])
        if (id === undefined || version === undefined) found.leave(attributes.slice(0, 200))
        else found.add('nuget', id, version)
      }
      return found.reading()
    }
    for (const framework of Object.values(objectOf(jsonObject(text.replace(/^\ufeff/, ''))['dependencies'])))
      for (const [name, value] of Object.entries(objectOf(framework))) {
        const one = objectOf(value)
        const version = textOf(one['resolved'])
        if (version !== null) found.add('nuget', name, version)
        else if (one['type'] !== 'Project') found.leave(name)
      }
    return found.reading()
  },
}
