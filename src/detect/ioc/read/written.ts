import { type Indicator, indicatorOf } from '../indicator.ts'

/** The indicator that a cell or a line is; of `203.0.113.7:443` and `[2001:db8::1]:443` the address. */
export function writtenIndicator(text: string): Pick<Indicator, 'kind' | 'value'> | undefined {
  const bare = text.trim().replace(/^"(.*)"$/s, '$1')
  return indicatorOf(bare) ?? indicatorOf(bare.replace(/:\d{1,5}$/, '').replace(/^\[([\da-f:.]+)\]$/i, '$1'))
}

const SECONDS = /^\d{9,10}(?:\.\d+)?$/
const MILLISECONDS = /^\d{12,13}$/
/** A date, or a date and a time, that says no zone. */
const NO_ZONE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/

/**
 * Milliseconds UTC of a time as lists write it: RFC 3339, seconds or milliseconds since 1970; what names no zone is UTC, wherever the
 * server stands. NaN for what is no time.
 */
export function writtenTime(text: string): number {
  const bare = text.trim()
  if (SECONDS.test(bare)) return Math.trunc(Number(bare) * 1000)
  if (MILLISECONDS.test(bare)) return Number(bare)
  return Date.parse(NO_ZONE.test(bare) && bare.length > 10 ? `${bare.replace(' ', 'T')}Z` : bare)
}
