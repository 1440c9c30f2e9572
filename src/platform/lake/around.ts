import { EVENT, type EventRow, inScope, ms, SEARCH_LIMITS, type Statement, time } from './queries.ts'
import { Params } from './query/params.ts'

/** The event itself first, then those nearest to it of the same host (or source), by time and by the order in which they were written. */
export function around(scope: string | undefined, event: EventRow, span: number, limit: number): Statement {
  const params = new Params()
  const at = Number(event.observedMs)
  const writer = params.text(event.writer)
  const sequence = params.add('UInt64', String(event.sequence))
  const ix = params.add('UInt32', event.ix)
  // The anchor's own host, or its source when it names none.
  const same = `(host_name, if(host_name = '', source, '')) = (SELECT host_name, if(host_name = '', source, '') FROM events
    WHERE writer = ${writer} AND sequence = ${sequence} AND ix = ${ix} LIMIT 1)`
  // Where times are whole seconds, hundreds of events share the anchor's.
  const nearest = [
    `(writer, sequence, ix) != (${writer}, ${sequence}, ${ix})`,
    `abs(${ms('observed')} - ${params.add('Int64', at)})`,
    `writer != ${writer}`,
    `greatest(sequence, ${sequence}) - least(sequence, ${sequence})`,
    `greatest(ix, ${ix}) - least(ix, ${ix})`,
    'writer, sequence, ix',
  ]
  return {
    params,
    sql: `SELECT ${EVENT} FROM events WHERE observed >= ${time(at - span, params)} AND observed <= ${time(at + span, params)} AND ${same}${inScope(scope, params)}
      ORDER BY ${nearest.join(', ')} LIMIT ${params.add('UInt32', limit)} SETTINGS ${SEARCH_LIMITS}`,
  }
}
