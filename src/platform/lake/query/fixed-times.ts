import type { Bound, Match, Query } from './ast.ts'
import { timeColumns } from './fields.ts'
import { readTime } from './times.ts'

/** The same query with its `now` and `now-15m` as the times that they are at a moment: asked again later, it means the same. */
export function withFixedTimes(query: Query, now: number): Query {
  switch (query.kind) {
    case 'and':
    case 'or':
      return { kind: query.kind, parts: query.parts.map((part) => withFixedTimes(part, now)) }
    case 'not':
      return { kind: 'not', part: withFixedTimes(query.part, now) }
    case 'term':
      return { ...query, match: fixedMatch(query.field, query.match, now) }
    default:
      return query
  }
}

/** A text is a time in fields of times only, and an end of a range where both ends are. */
function fixedMatch(field: string | undefined, match: Match, now: number): Match {
  if (match.kind === 'text') {
    if (field === undefined || !timeColumns.has(field)) return match
    return { ...match, text: fixed(match.text, now) }
  }
  if (match.kind !== 'range') return match
  const { low, high } = match
  const areTimes = [low, high].every((end) => end === undefined || readTime(end.value, now) !== undefined)
  return areTimes ? { ...match, low: fixedEnd(low, now), high: fixedEnd(high, now) } : match
}

function fixedEnd(end: Bound | undefined, now: number): Bound | undefined {
  return end === undefined ? undefined : { ...end, value: fixed(end.value, now) }
}

function fixed(text: string, now: number): string {
  const span = text.startsWith('now') ? readTime(text, now) : undefined
  return span === undefined ? text : new Date(span.from).toISOString()
}
