import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { realWait } from '../../platform/backoff.ts'
import type { Collector, CollectorContext } from '../collector.ts'
import { readKept, writeKept } from '../kept.ts'
import { type ContainerInfo, containerFields } from './container-info.ts'
import { type Owner, type Owners, packageOwners } from './owners.ts'
import { containerOf, processIds, programOf } from './proc.ts'

/** A package that runs now, and by which process it is known. */
export interface PackageInUse {
  readonly type: Owner['type'] | 'npm' | 'pypi' | 'maven'
  readonly name: string
  readonly version: string
  readonly file: string
  readonly process: { readonly pid: number; readonly name: string }
  /** The container whose files it is of; without one it is of the host's. */
  readonly container?: ContainerInfo
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

/** Processes that see the same files: those of the host, or of one container. */
interface Side {
  /** Where its files are for us: `/proc/PID/root` of its first process where it has a root of its own. */
  readonly root: string
  readonly container?: ContainerInfo
  readonly users: Map<string, { readonly pid: number; readonly name: string }>
}

const mountsOf = (proc: string, pid: number | string): string | undefined => {
  try {
    return readlinkSync(`${proc}/${pid}/ns/mnt`)
  } catch {
    return undefined
  }
}

/** After so many processes everything else has its turn. */
const A_TURN = 50

/**
 * Looks once at every process; each package is named with the first process that uses it, once for the host and once for
 * each image of containers.
 * @param containers what is known of a container by its id.
 */
export function inUseReader(
  proc: string,
  root: string,
  containers: (id: string) => ContainerInfo | undefined = () => undefined,
): () => Promise<PackageInUse[]> {
  const host = packageOwners(root)
  const others = new Map<string, { readonly root: string; readonly owners: Owners }>()
  const own = mountsOf(proc, 'self')
  return async () => {
    const sides = new Map<string, Side>()
    for (const [i, pid] of processIds(proc).entries()) {
      if (i % A_TURN === A_TURN - 1) await setImmediate()
      const maps = read(`${proc}/${pid}/maps`)
      if (maps === undefined || maps === '') continue
      const id = containerOf(read(`${proc}/${pid}/cgroup`) ?? '')
      // An agent in a container shares that one's files; a service has mounts of its own, but the host's root.
      const apart = id !== undefined && mountsOf(proc, pid) !== own
      const key = apart ? id : ''
      let side = sides.get(key)
      if (side === undefined) {
        side = apart
          ? { root: `${proc}/${pid}/root`, container: containers(id) ?? { id }, users: new Map() }
          : { root, users: new Map() }
        sides.set(key, side)
      }
      const name = programOf(proc, pid)
      for (const path of [...mappedFiles(maps), ...openArchives(proc, pid), ...scriptOf(proc, pid, name)])
        if (!side.users.has(path)) side.users.set(path, { pid, name })
    }
    for (const key of others.keys()) if (!sides.has(key)) others.delete(key)
    const found = new Map<string, PackageInUse>()
    for (const [key, side] of sides) {
      let owners = host
      if (side.container !== undefined) {
        const known = others.get(key)
        owners = known?.root === side.root ? known.owners : packageOwners(side.root)
        others.set(key, { root: side.root, owners })
      }
      for (const one of packagesOf(side, owners)) {
        const id = `${side.container?.image ?? side.container?.id ?? ''} ${one.type} ${one.name} ${one.version}`
        if (!found.has(id)) found.set(id, one)
      }
    }
    return [...found.values()]
  }
}

function packagesOf({ root, container, users }: Side, owners: Owners): PackageInUse[] {
  const found: PackageInUse[] = []
  const add = (type: PackageInUse['type'], owner: { name: string; version: string } | undefined, file: string): void => {
    if (owner === undefined) return
    const { name, version } = owner
    found.push({ type, name, version, file, process: users.get(file)!, ...(container === undefined ? {} : { container }) })
  }
  const system = owners(new Set(users.keys()))
  const inside = (file: string): string => (container === undefined ? file : `${root}${file}`)
  for (const file of users.keys()) {
    const owner = system.get(file)
    if (owner !== undefined) add(owner.type, owner, file)
    if (file.includes('/node_modules/')) add('npm', npmOf(inside(file)), file)
    else if (file.includes('-packages/')) add('pypi', pypiOf(inside(file)), file)
    else if (/\.(?:jar|war|ear)$/.test(file)) add('maven', jarOf(file), file)
  }
  return found
}

/** What starts with one of these runs a script, which it reads and closes. */
const INTERPRETERS = /^(?:node|nodejs|python[0-9.]*|ruby[0-9.]*|perl[0-9.]*|php[0-9.-]*)$/

/** The script that an interpreter runs: its first argument that is no option, where that is a path. */
function scriptOf(proc: string, pid: number, name: string): string[] {
  if (!INTERPRETERS.test(name)) return []
  const args = (read(`${proc}/${pid}/cmdline`) ?? '').split('\0').slice(1)
  const script = args.find((arg) => arg !== '' && !arg.startsWith('-'))
  if (script === undefined || !/[/.]/.test(script)) return []
  if (script.startsWith('/')) return [script]
  try {
    return [join(readlinkSync(`${proc}/${pid}/cwd`), script)]
  } catch {
    return []
  }
}

const DAY_MS = 86_400_000

/**
 * Packages whose files some process has mapped or open: told when they come into use, and again each day that they still
 * are, so that "in use within N days" is a question to the stored events.
 */
export function inUseCollector(
  proc: string,
  root: string,
  everyMs: number,
  containers: (id: string) => ContainerInfo | undefined,
): Collector {
  const look = inUseReader(proc, root, containers)
  return {
    id: 'in-use',
    async run({ emit, signal, folder }: CollectorContext) {
      const file = join(folder, 'in-use.json')
      const told = (await readKept(file)) ?? new Map<string, string>()
      while (!signal.aborted) {
        const now = Date.now()
        let fresh = false
        for (const { type, name, version, file: path, process, container } of await look()) {
          const of = container === undefined ? '' : ` ${container.image ?? container.id}`
          const key = `${type} ${name} ${version}${of}`
          // Also where the clock was set back, so that it is not silent until then.
          if (Math.abs(now - Number(told.get(key) ?? 0)) < DAY_MS) continue
          const kept = emit({
            event: { kind: 'state', category: ['package'], type: ['info'], action: 'package-in-use' },
            package: { type, name, version },
            file: { path },
            process,
            ...(container === undefined ? {} : containerFields(container)),
          })
          if (!kept) continue
          told.set(key, String(now))
          fresh = true
        }
        for (const [key, at] of told) if (Math.abs(now - Number(at)) > 2 * DAY_MS) told.delete(key)
        if (fresh) await writeKept(file, told)
        await realWait(everyMs, signal)
      }
    },
  }
}
