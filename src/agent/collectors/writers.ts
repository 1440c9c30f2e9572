import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { JsonObject } from '../../kernel/json.ts'
import { bootTime, startedAt } from './boot-time.ts'
import { type ProcessEntry, processIds, readProcess } from './proc.ts'

/** Who was seen to write below a folder. */
export interface Writers {
  /** The one that did; undefined where none was caught, or several that have nothing to do with each other. */
  readonly one: ProcessEntry | undefined
  /** All that were, as `name (pid)`. */
  readonly all: readonly string[]
}

const LOOKS = 10
const BETWEEN_MS = 15
const WRITING = 0o3

/** What a process has written so far, bytes, or undefined where it ended or is hidden (proc(5), `io`). */
function writtenBy(root: string, pid: number): number | undefined {
  try {
    return Number(/^wchar: ([0-9]+)$/m.exec(readFileSync(`${root}/${pid}/io`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}

/** Whether it has a file below a folder open for writing now. */
function writesBelow(root: string, pid: number, folders: readonly string[]): boolean {
  try {
    for (const fd of readdirSync(`${root}/${pid}/fd`)) {
      const target = readlinkSync(`${root}/${pid}/fd/${fd}`)
      if (!folders.some((folder) => target.startsWith(`${folder}/`))) continue
      const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`${root}/${pid}/fdinfo/${fd}`, 'utf8'))?.[1]
      if ((Number.parseInt(flags ?? '0', 8) & WRITING) !== 0) return true
    }
  } catch {
    // It ended, or closed what was looked at.
  }
  return false
}

/** Whether it works there: its folder, or what it was given. */
const worksBelow = ({ folder = '', args }: ProcessEntry, folders: readonly string[]): boolean =>
  folders.some((one) => folder === one || folder.startsWith(`${one}/`) || args.some((arg) => arg.includes(one)))

/**
 * Who writes below folders, for the kernel does not say it to a watch: for a fifth of a second those processes whose count of
 * written bytes moves are looked at, whether they have a file there open for writing. A process that wrote meanwhile and works in
 * such a folder counts too where none was caught with one open. Costs some milliseconds, so that it is asked only when something
 * is wrong already.
 */
export async function writersBelow(root: string, folders: readonly string[], own = process.pid): Promise<Writers> {
  const caught = new Map<number, ProcessEntry>()
  const near = new Map<number, ProcessEntry>()
  let before = new Map<number, number>()
  for (let look = 0; look < LOOKS; look++) {
    const now = new Map<number, number>()
    for (const pid of processIds(root)) {
      if (pid === own || pid === 1) continue
      const written = writtenBy(root, pid)
      if (written === undefined) continue
      now.set(pid, written)
      // What began since is looked at, too.
      if (before.get(pid) === written || caught.has(pid)) continue
      const entry = look === 0 || near.has(pid) ? undefined : readProcess(root, pid)
      if (entry !== undefined && worksBelow(entry, folders)) near.set(pid, entry)
      if (!writesBelow(root, pid, folders)) continue
      const writer = near.get(pid) ?? readProcess(root, pid)
      if (writer !== undefined) caught.set(pid, writer)
    }
    before = now
    if (caught.size > 0 && look >= 1) break
    await pause(BETWEEN_MS)
  }
  const found = caught.size > 0 ? caught : near
  return { one: rootOf(found), all: [...found.values()].slice(0, 20).map(({ name, pid }) => `${name} (${pid})`) }
}

/** The one that all others come from; undefined where they do not. */
function rootOf(found: ReadonlyMap<number, ProcessEntry>): ProcessEntry | undefined {
  const tops = [...found.values()].filter(({ parent }) => !found.has(parent))
  return tops.length === 1 ? tops[0] : undefined
}

/** The process's fields in an event. */
export function processFields(root: string, entry: ProcessEntry): JsonObject {
  const { pid, name, executable, args, started } = entry
  return {
    pid,
    name: executable === undefined ? name : executable.slice(executable.lastIndexOf('/') + 1),
    ...(executable === undefined ? {} : { executable }),
    ...(args.length === 0 ? {} : { command_line: args.join(' ').slice(0, 4_096) }),
    start: new Date(startedAt(bootTime(root), started)).toISOString(),
  }
}
