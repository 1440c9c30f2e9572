import { KanpekiError } from '../../kernel/error.ts'
import { isForward } from '../http/span.ts'
import type { TimeRange } from './lake.ts'

/** The farthest that a date can lie from 1970, either way. */
const FAR = 8.64e15

/**
 * Observed from a time on and before another (RFC 3339), either of them open; undefined where both are.
 * @throws KanpekiError `invalid_input` where the end is not after the beginning.
 */
export function rangeBetween(from: string | undefined, to: string | undefined): TimeRange | undefined {
  if (from === undefined && to === undefined) return undefined
  if (!isForward({ from, to }))
    throw new KanpekiError('invalid_input', 'The end of the span is not after its beginning.', { place: { field: 'to' } })
  // Clocks that were never set, and Windows' zero in 1601, lie before 1970.
  return { from: from === undefined ? -FAR : Date.parse(from), to: to === undefined ? FAR : Date.parse(to) }
}
