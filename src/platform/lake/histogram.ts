import type { SearchRequest, TimeRange } from './lake.ts'
import { condition, inScope, ms, SEARCH_LIMITS, type Statement, time } from './queries.ts'
import { Params } from './query/params.ts'
import { MINUTE } from './table.ts'

type HistogramRequest = SearchRequest & { readonly range: TimeRange; readonly step: number }

const MINUTE_MS = 60_000
const LEAST_STEP_BY_MINUTE = 5 * MINUTE_MS

/** Events by `bucket`, the number of their bar; a bar without events is not told. */
export function histogram(request: HistogramRequest, now: number): Statement {
  return isByMinute(request) ? byMinute(request) : byEvent(request, now)
}

/** Everything, by its own time, with few minutes that two bars share. Minutes before 1970 are cut at their other end. */
function isByMinute({ query, range, step }: HistogramRequest): boolean {
  return query.kind === 'all' && range.by !== 'received' && range.from >= 0 && step >= LEAST_STEP_BY_MINUTE
}

function byEvent(request: HistogramRequest, now: number): Statement {
  const params = new Params()
  const bucket = bucketOf(ms(request.range.by ?? 'observed'), request, params)
  return {
    params,
    sql: `SELECT ${bucket} AS bucket, toUInt64(count()) AS events FROM events
      WHERE ${condition(request, params, now)} GROUP BY bucket ORDER BY bucket SETTINGS ${SEARCH_LIMITS}`,
  }
}

/**
 * The same of everything: whole minutes from what the engine counted when it merged (table.ts, `by_minute`), and event by event
 * only those minutes that lie on an edge of a bar.
 */
function byMinute(request: HistogramRequest): Statement {
  const params = new Params()
  const { from, to } = request.range
  // The first minute of 1970 also holds the last one before it.
  const edges = new Set([0, Math.floor(to / MINUTE_MS)])
  for (let at = from; at < to; at += request.step) if (at % MINUTE_MS !== 0) edges.add(Math.floor(at / MINUTE_MS))
  const onEdge = params.add('Array(Int64)', [...edges])
  const own = inScope(request.scope, params)
  return {
    params,
    // The edges as one set: a condition for each took longer to be read than the events.
    sql: `SELECT bucket, sum(events) AS events FROM (
      SELECT ${bucketOf(`minute * ${MINUTE_MS}`, request, params)} AS bucket, sum(counted) AS events FROM (
        SELECT ${MINUTE} AS minute, count() AS counted FROM events
        WHERE ${MINUTE} >= ${params.add('Int64', Math.ceil(from / MINUTE_MS))} AND ${MINUTE} < ${params.add('Int64', Math.floor(to / MINUTE_MS))}${own}
        GROUP BY minute)
      WHERE minute NOT IN ${onEdge} GROUP BY bucket
      UNION ALL
      SELECT ${bucketOf(ms('observed'), request, params)} AS bucket, count() AS events FROM events
      WHERE ${MINUTE} IN ${onEdge} AND observed >= ${time(from, params)} AND observed < ${time(to, params)}${own} GROUP BY bucket)
      GROUP BY bucket ORDER BY bucket SETTINGS ${SEARCH_LIMITS}`,
  }
}

/** @param at SQL of milliseconds. */
function bucketOf(at: string, { range, step }: HistogramRequest, params: Params): string {
  return `toUInt32(intDiv(${at} - ${params.add('Int64', range.from)}, ${params.add('Int64', step)}))`
}
