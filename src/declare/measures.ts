import type { Measure, Reading } from '../kernel/measure.ts'
import type { Lake, SearchRequest } from '../platform/lake/lake.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'
import { FORBIDDEN_MEASURE } from './criteria.ts'
import { say } from './messages.ts'

const IDS_IN_EVIDENCE = 20

const INFO: Omit<Measure, 'measure'> = {
  id: FORBIDDEN_MEASURE,
  unit: 'count',
  title: { en: 'Events that must not happen', ja: 'あってはならないイベントの件数' },
  check: ({ query, ...rest }) => {
    const stray = Object.keys(rest)[0]
    if (stray !== undefined) return `it has no parameter ${stray}; it knows query`
    return typeof query === 'string' && query !== '' ? undefined : 'query must be a query of the event lake'
  },
}

/** What a card may name, for checking cards where no server runs. */
export function declareMeasureInfos(): readonly Omit<Measure, 'measure'>[] {
  return [INFO]
}

/** A batch may become visible this long after its received time. */
const OVERLAP_MS = 120_000
/** The whole window is counted anew this often, whatever became visible later than that. */
const FULL_EVERY_MS = 600_000
/** A short window is counted anew each tenth of it: until then, what has left it counts. */
const FULLS_A_WINDOW = 10

/** What a window held when it was last looked at: the next look need only see what came since. */
interface Known {
  readonly to: number
  /** Nothing received before this becomes visible any more. */
  readonly settled: number
  /** When the whole window was counted. */
  readonly full: number
  readonly events: number
  readonly sources: ReadonlyMap<string, number>
  /** Where something was found: how much of it before `settled`, and the first of their ids. */
  readonly found?: { readonly settled: number; readonly ids: readonly string[] }
}

/**
 * How many events of the lake match a query that must match none. Events are taken by received time: attackers choose
 * the other one. Zero counts only as long as events arrive at all: the reading is as old as the newest event of the scope,
 * so a zero over a silence goes stale.
 */
export function forbiddenCountMeasure(lake: Pick<Lake, 'count' | 'search' | 'sources' | 'settledUpTo'>): Measure {
  const looks = new Map<string, Known>()
  /** One question for all objectives that are measured together. */
  let asked: { readonly to: number; readonly settled: Promise<number> } | undefined
  const settledBy = (to: number): Promise<number> => {
    if (asked?.to !== to) {
      const settled = lake.settledUpTo({ from: to - 2 * OVERLAP_MS, to })
      asked = { to, settled: settled.then((at) => Math.min(to, Math.max(to - OVERLAP_MS, at ?? 0))) }
    }
    return asked.settled
  }
  return {
    ...INFO,
    async measure(params, from, to, scope): Promise<Reading> {
      const { query } = params
      const key = `${scope} ${to - from} ${String(query)}`
      const known = looks.get(key)
      const fullEvery = Math.min(FULL_EVERY_MS, (to - from) / FULLS_A_WINDOW)
      const before = known !== undefined && to >= known.to && to - known.full < fullEvery ? known : undefined
      const since = before === undefined ? from : Math.max(from, before.settled)
      // Asked before anything is counted. A writer's batches become visible in order, so that its last says it of those before.
      const settled = await settledBy(to)
      const request = { scope, query: parseQuery(String(query)), range: { from: since, to, by: 'received' as const } }
      const fresh = await lake.count(request)
      const found = (before?.found?.settled ?? 0) + fresh
      if (found > 0) {
        // What is settled is not counted again: an attack that goes on would be counted from its beginning at each look.
        const unsettled = settled === since ? fresh : await lake.count({ ...request, range: { ...request.range, from: settled } })
        const ids = await firstIds(lake, request, fresh, before?.found?.ids ?? [])
        const full = before?.full ?? to
        looks.set(key, { to, settled, full, events: 0, sources: new Map(), found: { settled: found - unsettled, ids } })
        return { value: found, good: 0, bad: found, unknown: 0, evidence: { query: String(query), events: ids } }
      }
      if (before?.found !== undefined) {
        // It was erased: what is good was not counted meanwhile.
        looks.delete(key)
        return this.measure(params, from, to, scope)
      }
      const heard = (await lake.sources(since)).filter((source) => source.scope === scope && source.events > 0)
      const sources = new Map(before?.sources)
      for (const { source, lastReceived } of heard) sources.set(source, lastReceived)
      if (sources.size === 0)
        return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing: say({ code: 'no-events', params: {} }) }
      const events = before?.events ?? heard.reduce((sum, source) => sum + source.events, 0)
      looks.set(key, { to, settled, full: before?.full ?? to, events, sources })
      return {
        value: 0,
        good: events,
        bad: 0,
        unknown: 0,
        evidence: { query: String(query), sources: sources.size, eventsSeen: events },
        asOf: Math.max(...sources.values()),
      }
    },
  }
}

/** The ids so far and, as long as there are few, those of what came since. */
async function firstIds(
  lake: Pick<Lake, 'search'>,
  since: SearchRequest,
  fresh: number,
  before: readonly string[],
): Promise<readonly string[]> {
  if (fresh === 0 || before.length >= IDS_IN_EVIDENCE) return before
  const { events } = await lake.search({ ...since, limit: IDS_IN_EVIDENCE, order: 'oldest' })
  return [...new Set([...before, ...events.map(({ id }) => id)])].slice(0, IDS_IN_EVIDENCE)
}
