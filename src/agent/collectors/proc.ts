import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

// Read synchronously: /proc is memory, and a trip through the thread pool costs ten times the read.

/** One process as /proc shows it (proc(5)). What the kernel hides, or what ended meanwhile, is undefined. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly name: string
  /** Clock ticks after boot; with the pid it names the process. */
  readonly started: number
  readonly session: number
  /** One letter of proc(5): R, S, D, Z … */
  readonly state: string
  readonly args: readonly string[]
  readonly executable?: string
  /** True where the program's file is gone from the disk. */
  readonly deleted: boolean
  readonly folder?: string
  readonly uid?: number
  readonly effectiveUid?: number
  /** Who signed in, through all `su` and `sudo`: the audit login uid. */
  readonly loginUid?: number
  readonly container?: string
}

export function processIds(root: string): number[] {
  const ids: number[] = []
  for (const name of readdirSync(root)) {
    const id = Number(name)
    if (id > 0) ids.push(id)
  }
  return ids
}

const text = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const link = (path: string): string | undefined => {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** Name, parent, session and start of `/proc/PID/stat`; the name may hold anything, brackets too, so that it ends at the last one. */
export function parseStat(stat: string): Pick<ProcessEntry, 'name' | 'parent' | 'session' | 'started' | 'state'> | undefined {
  const open = stat.indexOf('(')
  const close = stat.lastIndexOf(')')
  if (open < 0 || close < open) return undefined
  const fields = stat.slice(close + 2).split(' ')
  const [parent, session, started] = [fields[1], fields[3], fields[19]].map(Number)
  if (![parent, session, started].every((value) => Number.isSafeInteger(value))) return undefined
  return { name: stat.slice(open + 1, close), parent: parent!, session: session!, started: started!, state: fields[0]! }
}

/** The container's id in a cgroup path: 64 hexadecimal digits wherever the runtime puts them. */
export const containerOf = (cgroup: string): string | undefined => /[/-]([0-9a-f]{64})(?:\.scope)?(?:\/|\n|$)/.exec(cgroup)?.[1]

/** When a process started, without reading more of it; undefined where it ended. */
export function startOf(root: string, pid: number): ReturnType<typeof parseStat> {
  const stat = text(`${root}/${pid}/stat`)
  return stat === undefined ? undefined : parseStat(stat)
}

/** What a running program is called: its file, for a thread may have renamed itself; what the kernel calls it where that is hidden. */
export function programOf(root: string, pid: number): string {
  const exe = link(`${root}/${pid}/exe`)
  return exe === undefined ? (text(`${root}/${pid}/comm`) ?? '').trim() : basename(exe.replace(/ \(deleted\)$/, ''))
}

const argsIn = (cmdline: string): string[] =>
  cmdline
    .replace(/\0$/, '')
    .split('\0')
    .filter((arg, i) => i > 0 || arg !== '')

/** What a process was started with; nothing where it ended. */
export const argsOf = (root: string, pid: number): readonly string[] => argsIn(text(`${root}/${pid}/cmdline`) ?? '')

const NO_LOGIN = 4_294_967_295

export function readProcess(root: string, pid: number): ProcessEntry | undefined {
  const folder = `${root}/${pid}`
  const head = startOf(root, pid)
  if (head === undefined) return undefined
  const cmdline = text(`${folder}/cmdline`)
  const exe = link(`${folder}/exe`)
  const cwd = link(`${folder}/cwd`)
  const status = text(`${folder}/status`)
  const login = text(`${folder}/loginuid`)
  const cgroup = text(`${folder}/cgroup`)
  const [, uid, effective] = /^Uid:\s+([0-9]+)\s+([0-9]+)/m.exec(status ?? '') ?? []
  const loginUid = login === undefined ? Number.NaN : Number(login)
  const container = cgroup === undefined ? undefined : containerOf(cgroup)
  const deleted = exe?.endsWith(' (deleted)') === true
  return {
    pid,
    ...head,
    args: argsIn(cmdline ?? ''),
    ...(exe === undefined ? {} : { executable: deleted ? exe.slice(0, -' (deleted)'.length) : exe }),
    deleted,
    ...(cwd === undefined ? {} : { folder: cwd }),
    ...(uid === undefined ? {} : { uid: Number(uid), effectiveUid: Number(effective) }),
    ...(Number.isSafeInteger(loginUid) && loginUid !== NO_LOGIN ? { loginUid } : {}),
    ...(container === undefined ? {} : { container }),
  }
}
