import { createHash } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { readEverySource } from '../queries.ts'
import type { CollectTables, SourcesTable } from '../tables.ts'
import { allowedSilence, EXPECTED_AFTER_MINUTES } from './heard.ts'
import { type Db, heardAgain, markSilent, markSourceSilent, quietHosts, toldSilences } from './queries.ts'
import type { HostsTable } from './tables.ts'

/** The source under which we say what we miss. */
export const COMPLETENESS_SOURCE = 'kanpeki:completeness'

/** Where no expected interval is set, hosts of a source may be silent this long, seconds. */
const HOST_SECONDS = 3600
/** No host is expected to speak more often than this, seconds: its source may be the sum of many. */
const LEAST_HOST_SECONDS = 900
/** More hosts than this falling silent at once are told of in one event: it is a network or a relay, not each of them. */
const TOLD_ONE_BY_ONE = 20
const NAMED_IN_ONE = 100
const LOOKED_AT = 20_000

export interface SilenceDeps {
  readonly db: () => Kysely<CollectTables>
  readonly clock: Clock
  /** Silence is measured from here at the earliest: while we were off nobody could be heard. Milliseconds UTC. */
  readonly startedAt: number
  /** Stores events of our own; resolves when they are on disk. An id that was stored before is stored once. */
  readonly send: (scope: string, records: readonly { readonly id: string; readonly json: JsonObject }[]) => Promise<unknown>
}

/**
 * Looks for hosts and sources that are silent for longer than is usual for them, and says so as events, which rules turn
 * into alerts like any others. What was told once is not told again until it was heard; a crash in between tells the same
 * event again, which is stored once.
 * @returns how many were told of.
 */
export async function tellSilence(deps: SilenceDeps): Promise<number> {
  const { clock, startedAt, send } = deps
  const db = deps.db()
  const now = clock.now()
  const sources = new Map((await readEverySource(db)).map((row) => [`${row.scope}\0${row.id}`, row]))
  const sourceOf = (row: Pick<HostsTable, 'home' | 'source'>): SourcesTable | undefined =>
    sources.get(`${row.home}\0${row.source}`)
  let told = 0

  const silentSources = await newlySilentSources(db, [...sources.values()], now, startedAt)
  for (const row of silentSources) {
    await send(row.scope, [{ id: idOf('source', row.scope, row.id, row.last_event!), json: sourceSilent(row, now) }])
    await markSourceSilent(db, row.scope, row.id, row.last_event!)
    told++
  }

  const quiet = (await quietHosts(db, now - LEAST_HOST_SECONDS * 1000, EXPECTED_AFTER_MINUTES, LOOKED_AT)).filter((row) => {
    const source = sourceOf(row)
    if (source?.enabled === 0) return false
    return now - Math.max(row.last_seen, startedAt) > 1000 * allowedOf(row, source)
  })
  for (const [scope, hosts] of Map.groupBy(quiet, (row) => row.scope)) {
    // Where the whole source is silent, that is told; its hosts are marked and not told of one by one.
    const alone = hosts.filter((row) => !isSilent(sourceOf(row), now, startedAt))
    if (alone.length > TOLD_ONE_BY_ONE) {
      const newest = alone.at(-1)!
      await send(scope, [{ id: idOf('hosts', scope, newest.host, newest.last_seen), json: hostsSilent(alone, now) }])
      told++
    } else if (alone.length > 0) {
      const records = alone.map((row) => ({
        id: idOf('host', scope, `${row.source}\0${row.host}`, row.last_seen),
        json: hostSilent(row, now, allowedOf(row, sourceOf(row))),
      }))
      await send(scope, records)
      told += records.length
    }
    for (const row of hosts) await markSilent(db, row, row.last_seen)
  }

  for (const [scope, hosts] of Map.groupBy(await heardAgain(db, LOOKED_AT), (row) => row.scope)) {
    const records = hosts.slice(0, NAMED_IN_ONE).map((row) => ({
      id: idOf('again', scope, `${row.source}\0${row.host}`, row.silent_since!),
      json: hostHeard(row),
    }))
    await send(scope, records)
    for (const row of hosts) await markSilent(db, row, null)
  }
  return told
}

/** How long a host of this source may be silent, seconds. */
export function allowedOf(
  row: Pick<HostsTable, 'silence_1' | 'silence_2' | 'silence_3' | 'usual'>,
  source: Pick<SourcesTable, 'expected_seconds'> | undefined,
): number {
  const base = Math.max(LEAST_HOST_SECONDS, source?.expected_seconds ?? HOST_SECONDS)
  return allowedSilence({ silences: [row.silence_1, row.silence_2, row.silence_3], usual: row.usual }, base)
}

function isSilent(source: SourcesTable | undefined, now: number, startedAt: number): boolean {
  if (source === undefined || source.expected_seconds === null || source.last_event === null || source.enabled === 0) return false
  return now - Math.max(source.last_event, startedAt) > source.expected_seconds * 1000
}

async function newlySilentSources(
  db: Db,
  sources: readonly SourcesTable[],
  now: number,
  startedAt: number,
): Promise<SourcesTable[]> {
  const told = new Map((await toldSilences(db)).map((row) => [`${row.scope}\0${row.source}`, row.last_event]))
  return sources.filter((row) => isSilent(row, now, startedAt) && told.get(`${row.scope}\0${row.id}`) !== row.last_event)
}

function idOf(what: string, scope: string, name: string, time: number): string {
  return createHash('sha256').update(['kanpeki-silence', what, scope, name, time].join('\0')).digest('hex').slice(0, 32)
}

function ours(now: number, action: string, message: string): JsonObject {
  return {
    '@timestamp': new Date(now).toISOString(),
    message,
    event: { kind: 'event', provider: 'kanpeki', dataset: 'kanpeki.completeness', category: ['host'], type: ['info'], action },
  }
}

function minutes(ms: number): number {
  return Math.round(ms / 60_000)
}

function hostSilent(row: Selectable<HostsTable>, now: number, allowed: number): JsonObject {
  const silent = minutes(now - row.last_seen)
  return {
    ...ours(now, 'host-silent', `${row.host} was not heard by ${row.source} for ${silent} minutes`),
    host: { name: row.host },
    completeness: {
      source: row.source,
      last_event: iso(row.last_seen),
      silent_minutes: silent,
      usual_minutes: Math.round(allowed / 60),
    },
  }
}

function hostsSilent(rows: readonly Selectable<HostsTable>[], now: number): JsonObject {
  const sources = [...new Set(rows.map((row) => row.source))]
  return {
    ...ours(now, 'hosts-silent', `${rows.length} hosts fell silent at once`),
    related: { hosts: rows.slice(0, NAMED_IN_ONE).map((row) => row.host) },
    completeness: { source: sources.slice(0, NAMED_IN_ONE), hosts: rows.length },
  }
}

function hostHeard(row: Selectable<HostsTable>): JsonObject {
  const silent = minutes(row.last_seen - row.silent_since!)
  return {
    ...ours(row.last_seen, 'host-heard', `${row.host} is heard again by ${row.source} after about ${silent} minutes`),
    host: { name: row.host },
    completeness: { source: row.source, silent_minutes: silent },
  }
}

function sourceSilent(row: SourcesTable, now: number): JsonObject {
  const silent = minutes(now - row.last_event!)
  return {
    ...ours(now, 'source-silent', `${row.id} has sent nothing for ${silent} minutes`),
    completeness: {
      source: row.id,
      last_event: iso(row.last_event!),
      silent_minutes: silent,
      usual_minutes: Math.round(row.expected_seconds! / 60),
    },
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
