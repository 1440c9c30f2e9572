import type { SearchPage } from './lake.ts'
import { HOUR_MS } from './table.ts'

/** Of observed time, milliseconds UTC; `to` is exclusive. */
export interface ObservedSpan {
  readonly from?: number
  readonly to?: number
}

/** How far back from the newest time that is asked for the first spans reach. */
const REACHES_MS = [HOUR_MS, 16 * HOUR_MS]

/**
 * Spans of observed time that together are all time, the newest first: a page of the newest events is mostly full after the
 * first, and the engine would look through all the rest for those few. What is rare costs one or two statements more, each of
 * which the indexes answer.
 * @param after where the page begins.
 */
export function spansBack(
  { order, range }: Pick<SearchPage, 'order' | 'range'>,
  after: { readonly observed: number } | undefined,
  now: number,
): readonly ObservedSpan[] {
  if (order === 'oldest') return [{}]
  const observed = range === undefined || range.by === 'received' ? undefined : range
  const newest = Math.min(now, observed?.to ?? now, after?.observed ?? now)
  const spans: ObservedSpan[] = []
  let to: number | undefined
  for (const reach of REACHES_MS) {
    const from = newest - reach
    if (observed !== undefined && from <= observed.from) break
    spans.push(to === undefined ? { from } : { from, to })
    to = from
  }
  return [...spans, to === undefined ? {} : { to }]
}
