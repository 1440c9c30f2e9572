import { parse } from 'smol-toml'
import { listOf, objectOf, textOf } from '../sbom/json.ts'
import { collector, jsonObject, type LockReader } from './lockfile.ts'

/** pip: requirements files (`requirements.txt`, `requirements-dev.txt`, `dev-requirements.txt`). Only what is pinned is known. */
export const pip: LockReader = {
  id: 'pip',
  accepts: (name) => /(^|[-_.])requirements([-_.].*)?\.(txt|in)$/.test(name) && !name.endsWith('.in'),
  read(text) {
    const found = collector()
    for (const raw of text.replace(/\\\r?\n/g, ' ').split('\n')) {
      const line = raw.replace(/(^|\s)#.*$/, '').trim()
      if (line === '' || line.startsWith('-')) continue
      const [, name, version] = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?===?\s*([^\s;,*]+)(?=[\s;]|$)/.exec(line) ?? []
      if (name === undefined || version === undefined) found.leave(line.slice(0, 200))
      else found.add('pypi', name, version)
    }
    return found.reading()
  },
}

/** Pipenv: `Pipfile.lock`. */
export const pipenv: LockReader = {
  id: 'pipenv',
  accepts: (name) => name === 'Pipfile.lock',
  read(text) {
    const found = collector()
    const lock = jsonObject(text)
    for (const group of ['default', 'develop'])
      for (const [name, value] of Object.entries(objectOf(lock[group]))) {
        const version = textOf(objectOf(value)['version'])
        if (version?.startsWith('==') === true) found.add('pypi', name, version.replace(/^===?/, ''))
        else found.leave(name)
      }
    return found.reading()
  },
}

/** Poetry, uv, PDM and PEP 751 write the same: a table of packages, each with name and version. */
function tables(id: string, accepts: (name: string) => boolean, key = 'package'): LockReader {
  return {
    id,
    accepts,
    read(text) {
      const found = collector()
      for (const item of listOf(parse(text)[key])) {
        const one = objectOf(item)
        const source = objectOf(one['source'])
        const [name, version] = [textOf(one['name']), textOf(one['version'])]
        // uv lists the project itself.
        if (source['virtual'] !== undefined || source['editable'] !== undefined) continue
        if (name === null || version === null || isElsewhere(one)) found.leave(name ?? 'a package without a name')
        else found.add('pypi', name, version)
      }
      return found.reading()
    },
  }
}

/** From a repository or a folder: a registry may know another package by this name. */
function isElsewhere(one: Readonly<Record<string, unknown>>): boolean {
  const source = objectOf(one['source'])
  const type = textOf(source['type'])
  return (
    type === 'git' ||
    type === 'directory' ||
    ['git', 'directory'].some((word) => source[word] !== undefined) ||
    one['vcs'] !== undefined ||
    one['directory'] !== undefined
  )
}

export const poetry = tables('poetry', (name) => name === 'poetry.lock')
export const uv = tables('uv', (name) => name === 'uv.lock')
export const pdm = tables('pdm', (name) => name === 'pdm.lock')
/** pip and others: `pylock.toml`, `pylock.NAME.toml` (PEP 751). */
export const pylock = tables('pylock', (name) => /^pylock(\.[^.]+)?\.toml$/.test(name), 'packages')
