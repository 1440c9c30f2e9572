import type { TimeRange } from './lake.ts'

/** The farthest that a date can lie from 1970, either way. */
const FAR = 8.64e15

/** Observed from a time on and before another (RFC 3339), either of them open; undefined where both are. */
export function rangeBetween(from: string | undefined, to: string | undefined): TimeRange | undefined {
  if (from === undefined && to === undefined) return undefined
  // Clocks that were never set, and Windows' zero in 1601, lie before 1970.
  return { from: from === undefined ? -FAR : Date.parse(from), to: to === undefined ? FAR : Date.parse(to) }
}
