import type { Measure, Reading } from '../kernel/measure.ts'
import type { Lake } from '../platform/lake/lake.ts'
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

/** What a window held when it was last looked at: the next look need only see what came since. */
interface Known {
  readonly to: number
  /** Nothing received before this becomes visible any more. */
  readonly settled: number
  /** When the whole window was counted. */
  readonly full: number
  readonly events: number
  readonly sources: ReadonlyMap<string, number>
  /** Where something was found. */
  readonly bad?: Reading
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
    async measure({ query }, from, to, scope): Promise<Reading> {
      const key = `${scope} ${to - from} ${String(query)}`
      const known = looks.get(key)
      const before = known !== undefined && to >= known.to && to - known.full < FULL_EVERY_MS ? known : undefined
      const since = before === undefined ? from : Math.max(from, before.settled)
      // Asked before anything is counted. A writer's batches become visible in order, so that its last says it of those before.
      const settled = await settledBy(to)
      const request = { scope, query: parseQuery(String(query)), range: { from: since, to, by: 'received' as const } }
      const found = await lake.count(request)
      if (found > 0) {
        const whole = { ...request, range: { from, to, by: 'received' as const } }
        const count = before === undefined ? found : await lake.count(whole)
        const { events } = await lake.search({ ...whole, limit: IDS_IN_EVIDENCE, order: 'oldest' })
        const evidence = { query: String(query), events: events.map((event) => event.id) }
        const bad = { value: count, good: 0, bad: count, unknown: 0, evidence }
        looks.set(key, { to, settled, full: to, events: 0, sources: new Map(), bad })
        return bad
      }
      if (before?.bad !== undefined) {
        looks.set(key, { ...before, to, settled })
        return before.bad
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
