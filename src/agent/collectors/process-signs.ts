import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import type { JsonObject } from '../../kernel/json.ts'
import type { ProcessEntry } from './proc.ts'
import { parseSockets, type Socket } from './sockets.ts'

/** Which of a process's standard streams are connections to somewhere else: what makes a shell a remote one. */
export interface Streams {
  readonly names: readonly string[]
  readonly remote?: Socket['remote']
}

const NAMES = ['stdin', 'stdout', 'stderr'] as const
const TABLES = [
  ['tcp', 'tcp'],
  ['tcp6', 'tcp'],
  ['udp', 'udp'],
  ['udp6', 'udp'],
] as const

/**
 * Sockets between processes of this host: a service keeps its own for life, and the tables cost milliseconds. Only what the kernel
 * lists as such is remembered: a socket of the network that is not connected yet stands in no table at all.
 */
const local = new Set<string>()
const MOST_LOCAL = 5_000

/** Undefined where none is, or all are sockets of this host alone (the journal's, a manager's). Three links are read for that. */
export function networkStreams(root: string, pid: number): Streams | undefined {
  const held = NAMES.map((name, at) => [name, linkOf(`${root}/${pid}/fd/${at}`)] as const).filter(([, target]) =>
    target?.startsWith('socket:['),
  )
  if (held.length === 0) return undefined
  const inodes = new Map(held.map(([name, target]) => [name, target!.slice(8, -1)]))
  const wanted = new Set([...inodes.values()].filter((inode) => !local.has(inode)))
  if (wanted.size === 0) return undefined
  const found = new Map<string, Socket>()
  for (const [table, protocol] of TABLES) {
    try {
      // Those of the process's own network namespace.
      for (const socket of parseSockets(readFileSync(`${root}/${pid}/net/${table}`, 'utf8'), protocol))
        if (wanted.has(socket.inode) && socket.state !== 'listening') found.set(socket.inode, socket)
    } catch {
      // It ended, or the kernel does not have the protocol.
    }
  }
  if (found.size < wanted.size) rememberLocal(root, pid, wanted)
  const names = [...inodes].filter(([, inode]) => found.has(inode)).map(([name]) => name)
  const [first] = found.values()
  return names.length === 0 ? undefined : { names, ...(first === undefined ? {} : { remote: first.remote }) }
}

/** Unix sockets (`/proc/net/unix`: the inode is the seventh column) are remembered, to be asked about no more. */
function rememberLocal(root: string, pid: number, wanted: ReadonlySet<string>): void {
  if (local.size > MOST_LOCAL) local.clear()
  try {
    for (const line of readFileSync(`${root}/${pid}/net/unix`, 'utf8').split('\n')) {
      const inode = line.split(/\s+/, 7)[6]
      if (inode !== undefined && wanted.has(inode)) local.add(inode)
    }
  } catch {
    // It ended.
  }
}

/** Whether the file of a running program is gone from the disk by now. */
export const isDeleted = (root: string, pid: number): boolean => linkOf(`${root}/${pid}/exe`)?.endsWith(' (deleted)') === true

/**
 * What is known of a program whose file is gone. `memory_only`: it never had one (memfd_create(2)). `file_gone`: nothing took its
 * place, as an upgrade would have.
 */
export function deletedProgram(root: string, { pid, deleted, executable }: ProcessEntry): JsonObject | undefined {
  if (!deleted || executable === undefined) return undefined
  if (executable.startsWith('/memfd:')) return { deleted_executable: true, memory_only: true, file_gone: true }
  return { deleted_executable: true, file_gone: !exists(`${root}/${pid}/root${executable}`) }
}

function exists(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
