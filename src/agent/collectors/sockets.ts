import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { JsonObject } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Collector, CollectorContext } from '../collector.ts'
import { type ContainerInfo, containerFields } from './container-info.ts'
import { containerOf, processIds, programOf } from './proc.ts'

export interface Socket {
  readonly protocol: 'tcp' | 'udp'
  readonly local: { readonly ip: string; readonly port: number }
  readonly remote: { readonly ip: string; readonly port: number }
  readonly state: 'established' | 'listening' | 'other'
  readonly uid: number
  readonly inode: string
}

const BYTES = /../g

/** `0100007F:1F90` → 127.0.0.1, 8080: words of 32 bits in the byte order of the machine (little-endian here), the port big-endian. */
export function parseAddress(text: string): { ip: string; port: number } {
  const [hex = '', port = '0'] = text.split(':')
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.flatMap((word) => (word.match(BYTES) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)))
  if (bytes.length === 4) return { ip: bytes.join('.'), port: Number.parseInt(port, 16) }
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255)
    return { ip: bytes.slice(12).join('.'), port: Number.parseInt(port, 16) }
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2]! << 8) | bytes[i * 2 + 1]!).toString(16))
  return { ip: compress(groups), port: Number.parseInt(port, 16) }
}

/** RFC 5952: the longest run of zeros becomes `::`. */
function compress(groups: readonly string[]): string {
  let best = { at: 0, length: 0 }
  for (let at = 0; at < groups.length; at++) {
    let length = 0
    while (groups[at + length] === '0') length += 1
    if (length > best.length) best = { at, length }
  }
  if (best.length < 2) return groups.join(':')
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`
}

/** Rows of /proc/net/tcp, tcp6, udp and udp6 (proc(5)). */
export function parseSockets(text: string, protocol: 'tcp' | 'udp'): Socket[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 9)
    .map((fields) => ({
      protocol,
      local: parseAddress(fields[1]!),
      remote: parseAddress(fields[2]!),
      state:
        fields[3] === '01'
          ? 'established'
          : fields[3] === '0A' || (protocol === 'udp' && fields[3] === '07')
            ? 'listening'
            : 'other',
      uid: Number(fields[7]),
      inode: fields[9]!,
    }))
}

/** Every socket of a network namespace: of the host's by `/proc`, of another by `/proc/PID` of a process in it. */
export function readSockets(root: string): Socket[] {
  const all: Socket[] = []
  for (const [name, protocol] of [
    ['tcp', 'tcp'],
    ['tcp6', 'tcp'],
    ['udp', 'udp'],
    ['udp6', 'udp'],
  ] as const) {
    try {
      all.push(...parseSockets(readFileSync(`${root}/net/${name}`, 'utf8'), protocol))
    } catch {
      // A kernel without the protocol has no such file.
    }
  }
  return all
}

type Holder = { readonly pid: number; readonly name: string }

/** Which process holds which socket, by the links of open files: read only where there is a socket nobody asked about yet, and no further than needed. */
export function holders(root: string, wanted: ReadonlySet<string>, among = processIds(root)): ReadonlyMap<string, Holder> {
  const found = new Map<string, Holder>()
  for (const pid of among) {
    try {
      for (const fd of readdirSync(`${root}/${pid}/fd`)) {
        const inode = socketOf(`${root}/${pid}/fd/${fd}`)
        if (inode === undefined || !wanted.has(inode)) continue
        found.set(inode, { pid, name: programOf(root, pid) })
        if (found.size === wanted.size) return found
      }
    } catch {
      // It ended, or belongs to somebody else; the event then names no process.
    }
  }
  return found
}

function socketOf(path: string): string | undefined {
  try {
    const target = readlinkSync(path)
    return target.startsWith('socket:[') ? target.slice(8, -1) : undefined
  } catch {
    return undefined
  }
}

const keyOf = ({ protocol, local, remote, state, inode }: Socket): string =>
  `${protocol} ${local.ip} ${local.port} ${remote.ip} ${remote.port} ${state} ${inode}`

/** Between two looks at all sockets where nothing seemed to move, milliseconds. */
const FULL_LOOK_MS = 15_000

/**
 * What changes when a connection is opened or a port begins to listen: the kernel's counts of opens and of sockets in use.
 * They cost a fraction of the list of sockets, for which the kernel walks its whole table (milliseconds of CPU, however few
 * there are). Empty where they cannot be read.
 */
export function movement(root: string): string {
  try {
    const [, names = '', values = ''] = /^Tcp: (\D.*)\nTcp: (.*)$/m.exec(readFileSync(`${root}/net/snmp`, 'utf8')) ?? []
    const at = names.split(' ')
    const counts = values.split(' ')
    const opens = ['ActiveOpens', 'PassiveOpens'].map((name) => counts[at.indexOf(name)] ?? '')
    const used = ['sockstat', 'sockstat6'].map((name) => {
      const text = readFileSync(`${root}/net/${name}`, 'utf8')
      return [...text.matchAll(/^(?:TCP|UDP)6?: inuse ([0-9]+)/gm)].map(([, count]) => count).join(' ')
    })
    return [...opens, ...used].join(' ')
  } catch {
    return ''
  }
}

/** After so many processes everything else has its turn. */
const A_TURN = 100
/** One search for who holds sockets takes no longer than this, milliseconds, and all of them together this part of a core. */
const LONGEST_SEARCH_MS = 250
const SEARCH_SHARE = 20
const MOST_LIKELY = 500

/**
 * Asks those first that held a socket before, then the youngest: a host with tens of thousands of processes is not read through
 * for each connection. What is not found in time has no process.
 */
function createSearch(root: string): (wanted: ReadonlySet<string>) => Promise<ReadonlyMap<string, Holder>> {
  const likely = new Set<number>()
  let restUntil = 0
  return async (wanted) => {
    const found = new Map<string, Holder>(holders(root, wanted, [...likely]))
    let spent = 0
    const others = found.size === wanted.size || performance.now() < restUntil ? [] : processIds(root).reverse()
    for (let at = 0; at < others.length && found.size < wanted.size && spent < LONGEST_SEARCH_MS; at += A_TURN) {
      const began = performance.now()
      const left = new Set([...wanted].filter((inode) => !found.has(inode)))
      for (const [inode, holder] of holders(root, left, others.slice(at, at + A_TURN))) found.set(inode, holder)
      const took = performance.now() - began
      spent += took
      restUntil = performance.now() + spent * SEARCH_SHARE
      await setImmediate()
    }
    for (const { pid } of found.values()) {
      likely.delete(pid)
      if (likely.size >= MOST_LIKELY) likely.delete(likely.values().next().value!)
      likely.add(pid)
    }
    return found
  }
}

/** One network namespace, seen through a process in it. */
interface View {
  readonly root: string
  /** That process; undefined for the host itself. */
  readonly pid: number | undefined
  known: Set<string>
  before: string
  looked: number
}

const viewOf = (root: string, pid?: number): View => ({
  root: pid === undefined ? root : `${root}/${pid}`,
  pid,
  known: new Set(),
  before: '',
  looked: Number.NEGATIVE_INFINITY,
})

/** Pods of a large node; what has more is counted. */
const MOST_NAMESPACES = 256

const namespaceOf = (root: string, pid: number | string): string | undefined => {
  try {
    return readlinkSync(`${root}/${pid}/ns/net`)
  } catch {
    return undefined
  }
}

/** The network namespaces besides our own in which something runs, each with one process. */
async function otherNamespaces(root: string, count: CollectorContext['count']): Promise<Map<string, number>> {
  const own = namespaceOf(root, 'self')
  const found = new Map<string, number>()
  for (const [i, pid] of processIds(root).entries()) {
    if (i % A_TURN === A_TURN - 1) await setImmediate()
    const id = namespaceOf(root, pid)
    if (id === undefined || id === own || found.has(id)) continue
    if (found.size < MOST_NAMESPACES) found.set(id, pid)
    else count('sockets.namespacesBeyond')
  }
  return found
}

interface SocketOptions {
  /** `/proc`, but in tests. */
  readonly root: string
  readonly pollMs: number
  /** What is known of a container by its id. */
  readonly containers?: (id: string) => ContainerInfo | undefined
}

/** Connections and listening ports as they come, those of containers and other network namespaces too. */
export function socketCollector({ root, pollMs, containers = () => undefined }: SocketOptions): Collector {
  const search = createSearch(root)
  const containerAt = (pid: number): JsonObject => {
    try {
      const id = containerOf(readFileSync(`${root}/${pid}/cgroup`, 'utf8'))
      return id === undefined ? {} : containerFields(containers(id) ?? { id })
    } catch {
      return {}
    }
  }
  async function tell(
    fresh: readonly Socket[],
    all: readonly Socket[],
    view: View,
    { emit, count }: CollectorContext,
  ): Promise<void> {
    const held = await search(new Set(fresh.map(({ inode }) => inode)))
    const listening = new Set(
      all.filter(({ state }) => state === 'listening').map(({ protocol, local }) => `${protocol}${local.port}`),
    )
    for (const { protocol, local, remote, state, uid, inode } of fresh) {
      const process = held.get(inode)
      if (process === undefined) count('sockets.withoutProcess')
      const inward = listening.has(`${protocol}${local.port}`)
      emit({
        event: {
          kind: 'event',
          category: ['network'],
          type: state === 'listening' ? ['info'] : ['connection', 'start'],
          action: state === 'listening' ? 'socket-listening' : 'socket-connected',
        },
        network: {
          transport: protocol,
          type: local.ip.includes(':') ? 'ipv6' : 'ipv4',
          ...(state === 'listening' ? {} : { direction: inward ? 'ingress' : 'egress' }),
        },
        ...(state === 'listening'
          ? { server: { ip: local.ip, port: local.port } }
          : inward
            ? { source: remote, destination: local }
            : { source: local, destination: remote }),
        user: { id: String(uid) },
        ...(process === undefined ? {} : { process }),
        ...(view.pid === undefined ? {} : containerAt(process?.pid ?? view.pid)),
      })
    }
  }
  const look = async (view: View, context: CollectorContext): Promise<void> => {
    const moved = movement(view.root)
    if (moved !== '' && moved === view.before && performance.now() - view.looked < FULL_LOOK_MS) return
    view.before = moved
    view.looked = performance.now()
    const now = readSockets(view.root).filter(({ state }) => state !== 'other')
    const fresh = now.filter((socket) => !view.known.has(keyOf(socket)))
    view.known = new Set(now.map(keyOf))
    if (fresh.length > 0) await tell(fresh, now, view, context)
  }
  return {
    id: 'sockets',
    async run(context) {
      const host = viewOf(root)
      let others = new Map<string, View>()
      let searched = Number.NEGATIVE_INFINITY
      while (!context.signal.aborted) {
        await look(host, context)
        if (performance.now() - searched >= FULL_LOOK_MS) {
          const there = await otherNamespaces(root, context.count)
          others = new Map(
            [...there].map(([id, pid]) => {
              const view = others.get(id)
              // Another process of the same namespace shows the same sockets.
              return [id, view === undefined ? viewOf(root, pid) : { ...viewOf(root, pid), known: view.known }] as const
            }),
          )
          searched = performance.now()
        }
        for (const [id, view] of others) {
          // Its process ended, and its number may be another's: the next search finds one that stands for it.
          if (namespaceOf(root, view.pid!) === id) await look(view, context)
        }
        await realWait(pollMs, context.signal)
      }
    },
  }
}
