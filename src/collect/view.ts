import type { JsonObject } from '../kernel/json.ts'
import { readJson } from '../platform/state/columns.ts'
import { MINUTE_MS } from './accounting.ts'
import { type Db, readMinutes, readSources, sumSince } from './queries.ts'
import type { Counts, Series, SilenceState, SourceDetail, SourceList, SourceSummary } from './schema.ts'
import type { SourceStatus } from './supervisor.ts'
import type { MinutesTable, SourcesTable } from './tables.ts'

const SERIES_MINUTES = 60
const DAY_MS = 86_400_000

export type StatusOf = (scope: string, id: string) => SourceStatus | undefined

/** Every source of a scope with its accounts, its last hour and how it stands. */
export async function listSources(db: Db, scope: string, statusOf: StatusOf, now: number): Promise<SourceList> {
  const from = seriesStart(now)
  const rows = await readSources(db, scope)
  const minutes = Map.groupBy(await readMinutes(db, scope, from), (minute) => minute.source)
  const sources = rows.map((row) => summary(row, minutes.get(row.id) ?? [], statusOf(scope, row.id), now))
  const count = (is: (source: SourceSummary) => boolean): number => sources.filter(is).length
  return {
    now: time(now),
    sources,
    totals: {
      sources: sources.length,
      reporting: count((source) => source.silentSeconds !== null && source.silentSeconds < 60),
      silent: count((source) => source.silence === 'silent'),
      failed: count((source) => source.state === 'failed'),
      lastHour: await sumSince(db, scope, from),
      lastDay: await sumSince(db, scope, now - DAY_MS),
    },
  }
}

export function detail(
  row: SourcesTable,
  minutes: readonly MinutesTable[],
  status: SourceStatus | undefined,
  now: number,
): SourceDetail {
  return {
    ...summary(row, minutes, status, now),
    config: row.config === '' ? null : readJson<JsonObject>(row.config),
    zoneMinutes: row.zone_minutes,
    zone: row.zone,
    parsers: readJson<string[]>(row.parsers),
  }
}

/** Start of the first of the minutes that a series shows. */
export function seriesStart(now: number): number {
  return now - (now % MINUTE_MS) - (SERIES_MINUTES - 1) * MINUTE_MS
}

function summary(
  row: SourcesTable,
  minutes: readonly MinutesTable[],
  status: SourceStatus | undefined,
  now: number,
): SourceSummary {
  const silentSeconds = row.last_event === null ? null : Math.max(0, Math.floor((now - row.last_event) / 1000))
  return {
    id: row.id,
    kind: row.kind,
    title: row.title,
    enabled: row.enabled === 1,
    ...stateOf(row, status),
    problems: [...(status?.problems ?? [])],
    counts: countsOf(row),
    createdAt: time(row.created),
    lastEventAt: row.last_event === null ? null : time(row.last_event),
    lagMs: row.lag_ms,
    expectedSeconds: row.expected_seconds,
    silence: silenceOf(row, silentSeconds),
    silentSeconds,
    series: seriesOf(minutes, now),
  }
}

/** What is sent to us runs as long as we do; a configured source that nobody opened is stopped. */
function stateOf(
  row: SourcesTable,
  status: SourceStatus | undefined,
): Pick<SourceSummary, 'state' | 'reason' | 'reasonCode' | 'retryAt'> {
  if (status === undefined)
    return { state: row.config === '' ? 'running' : 'stopped', reason: null, reasonCode: null, retryAt: null }
  return {
    state: status.state,
    reason: status.reason ?? null,
    reasonCode: status.reasonCode ?? null,
    retryAt: status.retryAt === undefined ? null : time(status.retryAt),
  }
}

function silenceOf(row: SourcesTable, silentSeconds: number | null): SilenceState {
  if (row.expected_seconds === null) return 'unwatched'
  if (silentSeconds === null) return 'never'
  return silentSeconds > row.expected_seconds ? 'silent' : 'ok'
}

function seriesOf(minutes: readonly MinutesTable[], now: number): Series {
  const from = seriesStart(now)
  const byMinute = new Map(minutes.map((minute) => [minute.minute, minute]))
  const pick = (name: 'received' | 'unknown' | 'gaps'): number[] =>
    Array.from({ length: SERIES_MINUTES }, (_, n) => byMinute.get(from + n * MINUTE_MS)?.[name] ?? 0)
  return { from: time(from), stepSeconds: 60, received: pick('received'), unknown: pick('unknown'), gaps: pick('gaps') }
}

function countsOf({ received, parsed, unknown, stored, repeated, dropped, gaps, bytes }: SourcesTable): Counts {
  return { received, parsed, unknown, stored, repeated, dropped, gaps, bytes }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
