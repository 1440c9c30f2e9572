import { EVERY_SCOPE } from '../../platform/http/route.ts'
import type { Query } from '../../platform/lake/query/ast.ts'
import { withFixedTimes } from '../../platform/lake/query/fixed-times.ts'
import { parseQuery } from '../../platform/lake/query/parse.ts'
import type { HoldsTable } from './tables.ts'

/** The events that these holds keep; undefined if there is none. */
export function heldQuery(holds: readonly HoldsTable[]): Query | undefined {
  if (holds.length === 0) return undefined
  const parts = holds.map(queryOf)
  return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
}

/** `now` in a hold is when it was placed: what it keeps does not slip out of it with time. */
function queryOf({ scope, query, begins, ends, created }: HoldsTable): Query {
  const parts: Query[] = [withFixedTimes(parseQuery(query), created)]
  if (scope !== EVERY_SCOPE)
    parts.push({ kind: 'term', field: 'kanpeki.scope', match: { kind: 'text', text: scope, quoted: true } })
  if (begins !== null || ends !== null) parts.push({ kind: 'term', field: '@timestamp', match: rangeOf(begins, ends) })
  return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
}

function rangeOf(begins: number | null, ends: number | null): Extract<Query, { kind: 'term' }>['match'] {
  const at = (time: number): string => new Date(time).toISOString()
  return {
    kind: 'range',
    low: begins === null ? undefined : { value: at(begins), inclusive: true },
    high: ends === null ? undefined : { value: at(ends), inclusive: false },
  }
}

/** Those that fit and that no hold keeps. */
export function notHeld(query: Query, held: Query | undefined): Query {
  return held === undefined ? query : { kind: 'and', parts: [query, { kind: 'not', part: held }] }
}
