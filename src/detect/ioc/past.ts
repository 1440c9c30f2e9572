import type { Detection } from '../../kernel/detection.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Lake, SearchResult } from '../../platform/lake/lake.ts'
import type { Query } from '../../platform/lake/query/ast.ts'
import type { State } from '../../platform/state/state.ts'
import { recordDetections } from '../alerts.ts'
import { keyed } from '../alerts-group.ts'
import { seenKeys } from '../queries.ts'
import type { DetectTables } from '../tables.ts'
import { IndicatorIndex } from './indicator-index.ts'
import { indicatorDetections } from './match.ts'
import { allLists, markSearched, waitingForPast } from './queries.ts'
import type { IocIndicatorsTable, IocTables } from './tables.ts'

export interface PastDeps {
  readonly state: State
  readonly lake: Pick<Lake, 'search'>
  readonly clock: { now(): number }
  readonly signal: AbortSignal
  /** Turns detections into alerts in this transaction, with whatever else follows from one about the past. */
  readonly raise?: typeof recordDetections
}

/** Asked for in one search. */
const AT_ONCE = 50
const PAGE = 500
/** Events that are looked at for one indicator: a value that is everywhere says enough in these. */
const MOST_EVENTS = 20_000
const HOUR_MS = 3_600_000
/** The matcher follows a list within this time; what came meanwhile was perhaps not compared. */
const FOLLOWED_MS = 10 * 60_000
/** Nothing is kept longer than ten years. */
const LONGEST_MS = 10 * 366 * 24 * HOUR_MS

/**
 * Searches stored events for indicators that came since, a few dozen in one search: the lake finds documents that hold the text,
 * the matcher decides. Where one of them is in more events than are looked at, each of the others is searched for by itself. Indicators are marked in the transaction that raises their alerts, so that an interruption repeats one search at
 * most, and repeats raise nothing twice. Networks are looked for in `source.ip` and `destination.ip`.
 * @returns how many indicators were searched for, and detections.
 */
export async function searchPast(deps: PastDeps): Promise<{ indicators: number; detections: number }> {
  const { state, clock, signal, raise = recordDetections } = deps
  const total = { indicators: 0, detections: 0 }
  for (;;) {
    const rows = await waitingForPast(state.tables<IocTables>(), AT_ONCE)
    if (rows.length === 0 || signal.aborted) return total
    const { detections, docs } = await detectionsFor(rows, deps)
    // What was cut short is not searched.
    if (signal.aborted) return total
    await state.transaction<IocTables & DetectTables, void>(async (trx) => {
      await raise(trx, detections, clock.now(), (id) => docs.get(id))
      await markSearched(trx as unknown as Parameters<typeof markSearched>[0], rows)
    })
    total.indicators += rows.length
    total.detections += detections.length
  }
}

interface Found {
  readonly detections: readonly Detection[]
  /** The documents of their latest events. */
  readonly docs: ReadonlyMap<string, JsonObject>
}

async function detectionsFor(rows: readonly IocIndicatorsTable[], deps: PastDeps): Promise<Found> {
  const { state, lake, clock, signal } = deps
  const lists = new Map((await allLists(state.tables<IocTables>())).map(({ id, name, scope }) => [id, { id, name, scope }]))
  const index = new IndicatorIndex()
  for (const row of rows) {
    const list = lists.get(row.list_id)
    if (list !== undefined) index.add(list, row)
  }
  const added = rows.map((row) => row.added)
  const since = Math.min(...added)
  // What came later was compared when it came.
  const before = Math.min(Math.max(...added) + FOLLOWED_MS, Math.max(clock.now(), ...added))
  const scopes = new Set(rows.map(({ scope }) => scope))
  const [only] = scopes
  const scope = scopes.size === 1 && only !== DEFAULT_SCOPE ? only : undefined
  const query: Query = { kind: 'or', parts: rows.flatMap(partsOf) }
  const found = new Map<string, Detection>()
  const docs = new Map<string, JsonObject>()
  let seen = 0
  await searchRange(Math.max(0, before - LONGEST_MS), before + 1)
  if (seen >= MOST_EVENTS && rows.length > 1 && !signal.aborted) {
    const middle = Math.ceil(rows.length / 2)
    const halves = [await detectionsFor(rows.slice(0, middle), deps), await detectionsFor(rows.slice(middle), deps)]
    return {
      detections: halves.flatMap((half) => half.detections),
      docs: new Map(halves.flatMap((half) => [...half.docs])),
    }
  }
  return { detections: [...found.values()], docs }

  /** Where the lake needs too long for all of a range, it is asked for its halves. */
  async function searchRange(from: number, to: number): Promise<void> {
    let after: string | undefined
    while (seen < MOST_EVENTS && !signal.aborted) {
      let page: SearchResult
      try {
        page = await lake.search({
          scope,
          query,
          range: { from, to, by: 'received' },
          limit: PAGE,
          order: 'oldest',
          signal,
          ...(after === undefined ? {} : { after }),
        })
      } catch (error) {
        if (!(error instanceof KanpekiError) || error.code !== 'lake_timeout' || to - from <= HOUR_MS) throw error
        const middle = Math.floor((from + to) / 2)
        await searchRange(from, middle)
        await searchRange(middle, to)
        return
      }
      const compared = await comparedBefore(page.events.filter(({ received }) => received >= since))
      for (const event of page.events)
        for (const one of indicatorDetections(index, event, true))
          if (!compared.has(`${event.id} ${String(one.group['threat.indicator'])}`) && keepOne(found, one))
            docs.set(event.id, event.doc)
      seen += page.events.length
      if (page.cursor === undefined) return
      after = page.cursor
    }
  }

  /** `event indicator` of what was found as these events came. */
  async function comparedBefore(events: SearchResult['events']): Promise<ReadonlySet<string>> {
    const live = keyed(events.flatMap((event) => indicatorDetections(index, event)))
    const known = await seenKeys(
      state.tables<DetectTables>(),
      live.map(({ key }) => key),
    )
    return new Set(
      live.flatMap(({ key, detection }) =>
        known.has(key) ? [`${detection.eventIds[0]} ${String(detection.group['threat.indicator'])}`] : [],
      ),
    )
  }
}

const DAY_MS = 86_400_000
const EVENTS_KEPT = 100

/**
 * One detection a day for an indicator and whom it met: the past is told, not counted out.
 * @returns whether its event is among those that the detection names.
 */
function keepOne(found: Map<string, Detection>, one: Detection): boolean {
  const key = JSON.stringify([one.rule.id, one.scope, one.group, Math.floor(one.observed / DAY_MS)])
  const before = found.get(key)
  const isNamed = before === undefined || before.eventIds.length < EVENTS_KEPT
  if (before === undefined) found.set(key, one)
  else
    found.set(key, {
      ...before,
      eventIds: isNamed ? [...before.eventIds, ...one.eventIds] : before.eventIds,
      eventCount: before.eventCount + 1,
      observed: Math.max(before.observed, one.observed),
      received: Math.max(before.received, one.received),
    })
  return isNamed
}

function partsOf({ kind, value }: IocIndicatorsTable): Query[] {
  if (kind === 'network')
    return ['source.ip', 'destination.ip'].map(
      (field): Query => ({ kind: 'term', field, match: { kind: 'text', text: value, quoted: false } }),
    )
  if (kind !== 'url') return [anywhere(value)]
  // A URL may stand in an event with a port, a fragment, other capitals: its host and its path are there in any case.
  const { hostname, pathname } = new URL(value)
  return [{ kind: 'and', parts: [anywhere(hostname), ...(pathname.length > 1 ? [anywhere(pathname)] : [])] }]
}

function anywhere(text: string): Query {
  return { kind: 'term', field: undefined, match: { kind: 'text', text, quoted: true } }
}
