/** Epochs by size: seconds up to the year 5138, then milli-, micro- and nanoseconds. */
const UNITS = [
  [1e11, 1000],
  [1e14, 1],
  [1e17, 1e-3],
  [Number.POSITIVE_INFINITY, 1e-6],
] as const

/**
 * Nanoseconds since 1970 do not fit a double: they are up to 128 off, and what falls below its millisecond by that is not of the
 * one before. Milliseconds.
 */
export const ROUNDING_MS = 5e-4

/** The latest time that a Date can hold (ECMA-262 §21.4.1.1), milliseconds. */
const MAX_MS = 8.64e15

/**
 * RFC 3339 with milliseconds of an epoch in seconds (also with a fraction), milli-, micro- or nanoseconds, as a number or as
 * decimal digits; undefined for what is none, and for 0, which senders write for "not known".
 */
export function instantOf(value: unknown): string | undefined {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && /^\d{1,20}(\.\d{1,9})?$/.test(value) ? Number(value) : 0
  if (!(number > 0 && number < Number.POSITIVE_INFINITY)) return undefined
  const [, scale] = UNITS.find(([below]) => number < below)!
  const at = Math.trunc(number * scale + ROUNDING_MS)
  return at <= MAX_MS ? new Date(at).toISOString() : undefined
}
