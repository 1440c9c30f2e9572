import { SaxesParser } from 'saxes'
import { KanpekiError } from '../../kernel/error.ts'
import { collector, type LockReader } from './lockfile.ts'

/** Gradle: `gradle.lockfile` and `buildscript-gradle.lockfile`: `GROUP:NAME:VERSION=CONFIGURATIONS`. */
export const gradle: LockReader = {
  id: 'gradle',
  accepts: (name) => name === 'gradle.lockfile' || name === 'buildscript-gradle.lockfile',
  read(text) {
    const found = collector()
    for (const line of text.split(/\r?\n/)) {
      if (line.trim() === '' || line.startsWith('#') || line.startsWith('empty=')) continue
      const [, group, name, version] = /^([^:]+):([^:]+):([^=]+)=/.exec(line) ?? []
      if (group === undefined || name === undefined || version === undefined) found.leave(line.slice(0, 200))
      else found.add('maven', `${group}:${name}`, version)
    }
    return found.reading()
  },
}

/** No name or version is longer. */
const MOST_FILLED = 500

interface Dependency {
  groupId?: string
  artifactId?: string
  version?: string
}

/**
 * Maven: `pom.xml`, which is no lock: it names direct dependencies, with versions of its own, by its properties, or managed
 * in the same file. What a parent or an import decides is left, and said so.
 */
export const maven: LockReader = {
  id: 'maven',
  accepts: (name) => name === 'pom.xml',
  read(text) {
    const found = collector()
    const { properties, dependencies, managed } = readPom(text)
    const filled = (value: string | undefined): string | undefined => {
      let now = value
      // Properties may name properties; what goes round in a ring, or grows each time, stays as it is.
      for (let turn = 0; turn < 10 && now?.includes('${') === true && now.length <= MOST_FILLED; turn++)
        now = now.replace(/\$\{([^}]+)\}/g, (whole, name: string) => properties.get(name) ?? whole)
      return now
    }
    for (const one of dependencies) {
      const [group, name] = [filled(one.groupId), filled(one.artifactId)]
      const same = managed.find(({ groupId, artifactId }) => filled(groupId) === group && filled(artifactId) === name)
      const version = filled(one.version ?? same?.version)
      if (group === undefined || name === undefined) found.leave('a dependency without groupId or artifactId')
      else if (`${group}${name}`.includes('${'))
        found.leave(`${group}:${name}: named by a property that is not here`.slice(0, MOST_FILLED))
      else if (version === undefined || version.includes('${') || /[[(,]/.test(version))
        found.leave(`${group}:${name}: ${version ?? 'no version here'}`.slice(0, MOST_FILLED))
      else found.add('maven', `${group}:${name}`, version)
    }
    return found.reading()
  },
}

function readPom(text: string) {
  const properties = new Map<string, string>()
  const dependencies: Dependency[] = []
  const managed: Dependency[] = []
  const path: string[] = []
  let value = ''
  let current: Dependency | undefined
  const parser = new SaxesParser({})
  parser.on('error', (error) => {
    throw new KanpekiError('lock_invalid', error.message)
  })
  parser.on('doctype', () => {
    throw new KanpekiError('lock_invalid', 'It has a DOCTYPE.')
  })
  parser.on('opentag', ({ name }) => {
    path.push(name)
    value = ''
    if (name === 'dependency' && path.at(-2) === 'dependencies') current = {}
  })
  parser.on('text', (part) => {
    value += part
  })
  parser.on('closetag', ({ name }) => {
    const place = path.join('/')
    const text = value.trim()
    if (place === `project/properties/${name}`) properties.set(name, text)
    if (place === `project/${name}` && ['version', 'groupId', 'artifactId'].includes(name))
      properties.set(`project.${name}`, text)
    // What the project does not say itself is its parent's.
    if (path.length === 3 && path[0] === 'project' && path[1] === 'parent' && ['version', 'groupId'].includes(name)) {
      properties.set(`project.parent.${name}`, text)
      if (!properties.has(`project.${name}`)) properties.set(`project.${name}`, text)
    }
    if (current !== undefined && path.at(-2) === 'dependency' && isField(name)) current[name] = text
    if (name === 'dependency' && current !== undefined) {
      if (place === 'project/dependencies/dependency') dependencies.push(current)
      if (place === 'project/dependencyManagement/dependencies/dependency') managed.push(current)
      current = undefined
    }
    path.pop()
    value = ''
  })
  parser.write(text).close()
  return { properties, dependencies, managed }
}

function isField(name: string): name is 'groupId' | 'artifactId' | 'version' {
  return name === 'groupId' || name === 'artifactId' || name === 'version'
}
