import type { Lake } from '../../platform/lake/lake.ts'
import { HOUR_MS } from '../../platform/lake/table.ts'
import { settingsOf } from '../../platform/state/settings.ts'
import type { State } from '../../platform/state/state.ts'
import { changeSegment, droppedSince, keptSegments } from '../pipeline/queries.ts'
import type { PipelineTables, SegmentsTable } from '../pipeline/tables.ts'
import { heldQuery, notHeld } from './held.ts'
import { DAY_MS, dueAt, type RetentionPolicy } from './policy.ts'
import { activeHolds } from './queries.ts'
import type { RetentionTables } from './tables.ts'
import { dropHour, finish, type TakeOutDeps, takeOut } from './take-out.ts'

export interface RetentionDeps extends TakeOutDeps {
  readonly lake: TakeOutDeps['lake'] & Pick<Lake, 'count' | 'stats'>
  readonly policy: RetentionPolicy
}

/** How full the store is. Sizes are bytes on disk of the lake and its sealed files. */
export interface RetentionStatus {
  /** When it was looked at, milliseconds UTC. */
  readonly at: number
  readonly used: number
  /** Null without a quota. */
  readonly limit: number | null
  /** Hours until the quota is reached as things grow now; null without a quota, or where nothing arrives. */
  readonly hoursLeft: number | null
  /**
   * `near` from 90 % of a quota, or a day before it is reached; `early` while the quota takes events before their days are
   * over; `over` where nothing more may be dropped.
   */
  readonly state: 'fine' | 'near' | 'early' | 'over'
  /** Since when that is so. */
  readonly since: number
  /** Received hour of the oldest events, null where there are none. */
  readonly oldest: number | null
  /** Hours with events that only a legal hold still keeps. */
  readonly heldHours: number
  /** Dropped by retention in the last day. */
  readonly droppedHours: number
  readonly droppedEvents: number
}

export const RETENTION_STATUS = 'retention-status'
const NEAR = 0.9
const DAY_HOURS = 24

/**
 * One run: events that are past their days go, whole hours where all of one is, then the oldest hours while the store is
 * over its quota. Only sealed hours go, and never what a hold keeps.
 */
export async function runRetention(deps: RetentionDeps): Promise<RetentionStatus> {
  const { state, clock } = deps
  await finish(deps)
  const holds = await activeHolds(state.tables<RetentionTables>(), clock.now())
  const held = heldQuery(holds)
  const holdsKey = holds.map(({ id }) => id).join(' ')
  const heldHours = await dropByAge(deps, held, holdsKey)
  await finish(deps)
  const early = await dropBySize(deps, held)
  await finish(deps)
  const status = await look(deps, early, heldHours)
  await settingsOf(state).set(RETENTION_STATUS, JSON.stringify(status))
  return status
}

export async function retentionStatus(state: State): Promise<RetentionStatus | undefined> {
  const text = await settingsOf(state).get(RETENTION_STATUS)
  return text === undefined ? undefined : (JSON.parse(text) as RetentionStatus)
}

async function dropByAge(deps: RetentionDeps, held: ReturnType<typeof heldQuery>, holdsKey: string): Promise<number> {
  const { lake, state, clock, policy } = deps
  const db = state.tables<PipelineTables>()
  let heldHours = 0
  for (const segment of await keptSegments(db)) {
    const { hour } = segment
    deps.signal?.throwIfAborted()
    const due = dueAt(policy, clock.now() - hour - HOUR_MS)
    if (due === 'none') break
    const swept = `${due.key}|${holdsKey}`
    if (segment.swept === `${swept}|held`) heldHours += 1
    if (segment.swept.startsWith(`${swept}|`)) continue
    const count = (query: typeof due.query): Promise<number> =>
      lake.count({ scope: undefined, query, range: { from: hour, to: hour + HOUR_MS, by: 'received' } })
    const [all, dueCount] = await Promise.all([count({ kind: 'all' }), count(due.query)])
    const going = held === undefined || dueCount === 0 ? dueCount : await count(notHeld(due.query, held))
    if (going === all) {
      await dropHour(deps, segment, due.policy)
      continue
    }
    if (going > 0) await takeOut(deps, hour, { scope: undefined, query: notHeld(due.query, held) }, due.policy)
    if (going < dueCount) heldHours += 1
    await changeSegment(db, hour, { swept: `${swept}|${going < dueCount ? 'held' : ''}` })
  }
  return heldHours
}

/** @returns whether events went, or should have gone, before their days were over. */
async function dropBySize(deps: RetentionDeps, held: ReturnType<typeof heldQuery>): Promise<'early' | 'over' | undefined> {
  const { lake, state, clock, policy } = deps
  if (policy.size === null) return undefined
  const stats = await lake.stats()
  const inLake = new Map(stats.hours.map(({ hour, bytes }) => [hour, bytes]))
  const segments = await keptSegments(state.tables<PipelineTables>())
  let used = stats.bytes + segments.reduce((sum, { bytes }) => sum + bytes, 0)
  let early = false
  for (const segment of segments) {
    if (used <= policy.size) return early ? 'early' : undefined
    const { hour, bytes } = segment
    const range = { from: hour, to: hour + HOUR_MS, by: 'received' as const }
    if (held !== undefined && (await lake.count({ scope: undefined, query: held, range })) > 0) continue
    await dropHour(deps, segment, `quota ${policy.size} bytes`)
    used -= bytes + (inLake.get(hour) ?? 0)
    early ||= policy.days !== null && clock.now() - hour - HOUR_MS < policy.days * DAY_MS
  }
  return used > policy.size ? 'over' : early ? 'early' : undefined
}

async function look(
  { lake, state, clock, policy }: RetentionDeps,
  quota: 'early' | 'over' | undefined,
  heldHours: number,
): Promise<RetentionStatus> {
  const now = clock.now()
  const db = state.tables<PipelineTables>()
  const [stats, segments, dropped, before] = await Promise.all([
    lake.stats(),
    keptSegments(db),
    droppedSince(db, now - DAY_MS),
    retentionStatus(state),
  ])
  const used = stats.bytes + segments.reduce((sum, { bytes }) => sum + bytes, 0)
  const limit = policy.size
  const hoursLeft = limit === null ? null : hoursUntil(limit, used, grownInADay(stats.hours, segments, now))
  const near = limit !== null && (used >= limit * NEAR || (hoursLeft ?? Number.POSITIVE_INFINITY) < DAY_HOURS)
  const steady = near && before !== undefined && (before.droppedHours > 0 || dropped.hours > 0) && policy.days === null
  const verdict = quota ?? (near && !steady ? 'near' : 'fine')
  return {
    at: now,
    used,
    limit,
    hoursLeft,
    state: verdict,
    since: before?.state === verdict ? before.since : now,
    oldest: stats.hours[0]?.hour ?? null,
    heldHours,
    droppedHours: dropped.hours,
    droppedEvents: dropped.events,
  }
}

/** Bytes of what was received within the last day, in the lake and sealed. */
function grownInADay(
  hours: readonly { readonly hour: number; readonly bytes: number }[],
  segments: readonly SegmentsTable[],
  now: number,
): number {
  const young = ({ hour }: { readonly hour: number }): boolean => hour > now - DAY_MS
  return [...hours.filter(young), ...segments.filter(young)].reduce((sum, { bytes }) => sum + bytes, 0)
}

function hoursUntil(limit: number, used: number, grown: number): number | null {
  if (used >= limit) return 0
  return grown === 0 ? null : Math.floor(((limit - used) / grown) * DAY_HOURS)
}
