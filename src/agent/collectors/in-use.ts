import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { dpkgPackages } from '../../assess/host/dpkg.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Collector, CollectorContext } from '../collector.ts'
import { readKept, writeKept } from '../kept.ts'
import { processIds, programOf } from './proc.ts'

/** A package that runs now, and by which process it is known. */
export interface PackageInUse {
  readonly type: 'deb' | 'npm' | 'pypi' | 'maven'
  readonly name: string
  readonly version: string
  readonly file: string
  readonly process: { readonly pid: number; readonly name: string }
}

/** Files that a process has mapped (programs, libraries, jars): the last column of /proc/PID/maps (proc(5)). */
export function mappedFiles(maps: string): Set<string> {
  const found = new Set<string>()
  for (const line of maps.split('\n')) {
    const slash = line.indexOf('/')
    if (slash < 0 || line.charCodeAt(slash - 1) !== 32) continue
    const path = line.slice(slash)
    if (!path.endsWith(' (deleted)')) found.add(path)
  }
  return found
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Jars and the like that are read and not mapped: the links of open files. */
function openArchives(root: string, pid: number): string[] {
  try {
    return readdirSync(`${root}/${pid}/fd`).flatMap((fd) => {
      try {
        const path = readlinkSync(`${root}/${pid}/fd/${fd}`)
        return /\.(?:jar|war|ear)$/.test(path) ? [path] : []
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

/** `…/NAME-1.2.3.jar`: Maven's way to name an artefact's file. */
export function jarOf(path: string): { readonly name: string; readonly version: string } | undefined {
  const [, name, version] = /\/([^/]+?)-([0-9][^/]*?)\.(?:jar|war|ear)$/.exec(path) ?? []
  return name === undefined || version === undefined ? undefined : { name, version }
}

/** The innermost npm package that a file lies in, by its package.json. */
function npmOf(path: string): { readonly name: string; readonly version: string } | undefined {
  const at = path.lastIndexOf('/node_modules/')
  if (at < 0) return undefined
  const parts = path.slice(at + '/node_modules/'.length).split('/')
  const folder = `${path.slice(0, at)}/node_modules/${parts.slice(0, parts[0]!.startsWith('@') ? 2 : 1).join('/')}`
  try {
    const { name, version } = JSON.parse(read(join(folder, 'package.json')) ?? '{}') as { name?: unknown; version?: unknown }
    return typeof name === 'string' && typeof version === 'string' ? { name, version } : undefined
  } catch {
    return undefined
  }
}

/** The Python distribution whose module a file is: `…/site-packages/MODULE/…` beside `NAME-VERSION.dist-info` that lists it. */
function pypiOf(path: string): { readonly name: string; readonly version: string } | undefined {
  const [, folder, module] = /^(.*\/(?:site|dist)-packages)\/([^/.]+)/.exec(path) ?? []
  if (folder === undefined || module === undefined) return undefined
  try {
    for (const entry of readdirSync(folder)) {
      const [, name, version] = /^(.+)-([^-]+)\.dist-info$/.exec(entry) ?? []
      if (name === undefined || version === undefined) continue
      if (name.toLowerCase().replaceAll('-', '_') === module.toLowerCase()) return { name, version }
      if (
        read(join(folder, entry, 'top_level.txt'))
          ?.split('\n')
          .includes(module) === true
      )
        return { name, version }
    }
  } catch {
    // A folder that nobody may list names nothing.
  }
  return undefined
}

/** Which Debian package a file belongs to, by the lists of dpkg; read again when packages change. */
function debianOwners(
  root: string,
): (paths: ReadonlySet<string>) => ReadonlyMap<string, { readonly name: string; readonly version: string }> {
  const known = new Map<string, { name: string; version: string } | undefined>()
  /** Versions by name with architecture, and by name alone for lists that name none. */
  let versions = new Map<string, string>()
  let stamp = -1
  return (paths) => {
    const status = join(root, 'var/lib/dpkg/status')
    const info = join(root, 'var/lib/dpkg/info')
    let changed: number
    try {
      changed = statSync(status).mtimeMs
    } catch {
      return new Map()
    }
    if (changed !== stamp) {
      known.clear()
      const packages = dpkgPackages(read(status) ?? '')
      versions = new Map(
        packages.flatMap(({ name, version, arch }) => [
          [name, version],
          [`${name}:${arch}`, version],
        ]),
      )
      stamp = changed
    }
    const asked = new Map<string, string>()
    for (const path of paths) {
      if (known.has(path)) continue
      known.set(path, undefined)
      asked.set(path, path)
      // Where /lib and /bin are links into /usr, packages may still list the old name.
      if (path.startsWith('/usr/')) asked.set(path.slice(4), path)
    }
    if (asked.size > 0) {
      for (const list of readdirSync(info)) {
        if (!list.endsWith('.list')) continue
        const owner = list.slice(0, -5)
        for (const line of (read(join(info, list)) ?? '').split('\n')) {
          const path = asked.get(line)
          if (path === undefined) continue
          const [name = ''] = owner.split(':')
          const version = versions.get(owner)
          if (version !== undefined) known.set(path, { name, version })
        }
      }
    }
    return new Map(
      [...paths].flatMap((path) => {
        const owner = known.get(path)
        return owner === undefined ? [] : [[path, owner] as const]
      }),
    )
  }
}

/** Looks once at every process; each package is named with the first process that uses it. */
export function inUseReader(proc: string, root: string): () => PackageInUse[] {
  const owners = debianOwners(root)
  return () => {
    const users = new Map<string, { pid: number; name: string }>()
    for (const pid of processIds(proc)) {
      const maps = read(`${proc}/${pid}/maps`)
      if (maps === undefined || maps === '') continue
      const name = programOf(proc, pid)
      for (const path of [...mappedFiles(maps), ...openArchives(proc, pid)]) if (!users.has(path)) users.set(path, { pid, name })
    }
    const found = new Map<string, PackageInUse>()
    const add = (type: PackageInUse['type'], owner: { name: string; version: string } | undefined, file: string): void => {
      if (owner === undefined) return
      const key = `${type} ${owner.name} ${owner.version}`
      if (!found.has(key)) found.set(key, { type, ...owner, file, process: users.get(file)! })
    }
    const system = owners(new Set(users.keys()))
    for (const file of users.keys()) {
      add('deb', system.get(file), file)
      if (file.includes('/node_modules/')) add('npm', npmOf(file), file)
      else if (file.includes('-packages/')) add('pypi', pypiOf(file), file)
      else if (/\.(?:jar|war|ear)$/.test(file)) add('maven', jarOf(file), file)
    }
    return [...found.values()]
  }
}

const DAY_MS = 86_400_000

/**
 * Packages whose files some process has mapped or open: told when they come into use, and again each day that they still
 * are, so that "in use within N days" is a question to the stored events.
 */
export function inUseCollector(proc: string, root: string, everyMs: number): Collector {
  const look = inUseReader(proc, root)
  return {
    id: 'in-use',
    async run({ emit, signal, folder }: CollectorContext) {
      const file = join(folder, 'in-use.json')
      const told = (await readKept(file)) ?? new Map<string, string>()
      while (!signal.aborted) {
        const now = Date.now()
        let fresh = false
        for (const { type, name, version, file: path, process } of look()) {
          const key = `${type} ${name} ${version}`
          if (now - Number(told.get(key) ?? 0) < DAY_MS) continue
          const kept = emit({
            event: { kind: 'state', category: ['package'], type: ['info'], action: 'package-in-use' },
            package: { type, name, version },
            file: { path },
            process,
          })
          if (!kept) continue
          told.set(key, String(now))
          fresh = true
        }
        for (const [key, at] of told) if (now - Number(at) > 2 * DAY_MS) told.delete(key)
        if (fresh) await writeKept(file, told)
        await realWait(everyMs, signal)
      }
    },
  }
}
