import { z } from 'zod'

/** What of an agent's heartbeat is shown; other agents' words for it are not read as ours. */
const heartbeatSchema = z.object({
  host: z.object({ name: z.string(), os: z.object({ kernel: z.string().optional() }).optional() }),
  agent: z.object({ id: z.string(), name: z.string(), version: z.string() }),
  event: z.object({ action: z.string() }),
  kanpeki_agent: z.object({
    agent: z.object({
      counters: z.record(z.string(), z.union([z.number(), z.record(z.string(), z.number())])),
      spool: z.object({ bytes: z.number(), damaged: z.number() }),
      resident_bytes: z.number(),
      cpu_share: z.number(),
      uptime_ms: z.number(),
    }),
  }),
})

export interface Heartbeat {
  readonly host: string
  readonly kernel: string | undefined
  readonly version: string
  readonly stopped: boolean
  readonly counters: Readonly<Record<string, number>>
  readonly spoolBytes: number
  readonly residentBytes: number
  /** Of one core. */
  readonly cpuShare: number
}

/** `files.unread` is stored as a field within a field, and counted under its whole name. */
const flat = (counters: Readonly<Record<string, number | Readonly<Record<string, number>>>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counters).flatMap(([name, held]) =>
      typeof held === 'number' ? [[name, held]] : Object.entries(held).map(([part, count]) => [`${name}.${part}`, count]),
    ),
  )

export function heartbeatOf(doc: unknown): Heartbeat | undefined {
  const parsed = heartbeatSchema.safeParse(doc)
  if (!parsed.success) return undefined
  const { host, agent, event, kanpeki_agent: own } = parsed.data
  return {
    host: host.name,
    kernel: host.os?.kernel,
    version: agent.version,
    stopped: event.action === 'agent-stopped',
    counters: flat(own.agent.counters),
    spoolBytes: own.agent.spool.bytes,
    residentBytes: own.agent.resident_bytes,
    cpuShare: own.agent.cpu_share,
  }
}

/** Counters of what an agent could not see or had to leave; the others say what it did. */
const BLIND = [
  'events.dropped',
  'events.refused',
  'processes.unseenAtMost',
  'processes.unread',
  'sockets.withoutProcess',
  'sockets.namespacesBeyond',
  'files.unread',
  'files.tooLarge',
  'files.watchFailed',
  'files.nameUnread',
  'files.attributesAbsent',
  'files.attributesUnread',
  'files.missed',
  'files.watchOverflow',
  'audit.absent',
  'audit.lost',
  'audit.unread',
  'journal.absent',
  'journal.unread',
  'packages.absent',
  'software.unread',
  'software.tooLarge',
  'software.unnamed',
  'software.beyond',
  'software.foldersSkipped',
  'software.unsent',
  'kubernetes.forbidden',
  'kubernetes.unauthorized',
  'kubernetes.unreachable',
  'packets.absent',
  'yara.absent',
  'yara.tooLarge',
  'yara.noRoom',
  'yara.notYet',
  'yara.unread',
  'yara.failed',
  'yara.watchFailed',
] as const
export type BlindSpot = (typeof BLIND)[number]

export const blindSpots = (
  counters: Readonly<Record<string, number>>,
): readonly { readonly name: BlindSpot; readonly count: number }[] =>
  BLIND.flatMap((name) => ((counters[name] ?? 0) > 0 ? [{ name, count: counters[name]! }] : []))

/** Three heartbeats missed are no network hiccup any more. */
const QUIET_MS = 180_000

export type HostState = 'live' | 'quiet' | 'stopped'

export const stateOf = (last: number, stopped: boolean, now: number): HostState =>
  stopped ? 'stopped' : now - last > QUIET_MS ? 'quiet' : 'live'
