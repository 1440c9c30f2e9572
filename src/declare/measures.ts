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

/**
 * How many events of the lake match a query that must match none. Events are taken by received time: attackers choose
 * the other one. Zero counts only as long as events arrive at all: the reading is as old as the newest event of the scope,
 * so a zero over a silence goes stale.
 */
export function forbiddenCountMeasure(lake: Pick<Lake, 'count' | 'search' | 'sources'>): Measure {
  return {
    ...INFO,
    async measure({ query }, from, to, scope): Promise<Reading> {
      const request = { scope, query: parseQuery(String(query)), range: { from, to, by: 'received' as const } }
      const count = await lake.count(request)
      if (count > 0) {
        const { events } = await lake.search({ ...request, limit: IDS_IN_EVIDENCE, order: 'oldest' })
        const evidence = { query: String(query), events: events.map((event) => event.id) }
        return { value: count, good: 0, bad: count, unknown: 0, evidence }
      }
      const sources = (await lake.sources(from)).filter((source) => source.scope === scope && source.events > 0)
      if (sources.length === 0)
        return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing: say({ code: 'no-events', params: {} }) }
      const events = sources.reduce((sum, source) => sum + source.events, 0)
      return {
        value: 0,
        good: events,
        bad: 0,
        unknown: 0,
        evidence: { query: String(query), sources: sources.length, eventsSeen: events },
        asOf: Math.max(...sources.map((source) => source.lastReceived)),
      }
    },
  }
}
