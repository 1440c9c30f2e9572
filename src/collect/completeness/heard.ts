/** What is usual is learned anew in periods of so many seconds. */
const PERIOD = 14 * 86_400
/** A silence is beyond the usual by this factor. */
const FACTOR = 1.5
/** Minutes with events before a host counts as one that is expected: names that come and go are not. */
export const EXPECTED_AFTER_MINUTES = 10
const MINUTE = 60

/**
 * When a host was heard, and how long it is usually silent. Times are whole seconds. A silence is usual if it was reached
 * three times within a period: a laptop is off at night, but one outage does not make the next one normal.
 */
export interface Heard {
  first: number
  last: number
  /** Distinct minutes with events; stands still at 1,000. */
  minutes: number
  /** The three longest silences of this period, longest first. */
  silences: readonly [number, number, number]
  /** The third longest of the period before. */
  usual: number
  /** Number of the period. */
  period: number
}

export const NO_SILENCES: Heard['silences'] = [0, 0, 0]

export function newHeard(now: number): Heard {
  return { first: now, last: now, minutes: 1, silences: NO_SILENCES, usual: 0, period: Math.floor(now / PERIOD) }
}

/** @param now received time; one before the last changes nothing. */
export function hear(heard: Heard, now: number): void {
  const silent = now - heard.last
  if (silent <= 0) return
  const { last } = heard
  heard.last = now
  if (Math.floor(now / MINUTE) === Math.floor(last / MINUTE)) return
  if (heard.minutes < 1000) heard.minutes++
  const period = Math.floor(now / PERIOD)
  if (period !== heard.period) {
    heard.usual = period === heard.period + 1 ? heard.silences[2] : 0
    heard.silences = NO_SILENCES
    heard.period = period
  }
  const [a, b, c] = heard.silences
  if (silent > c) heard.silences = silent > a ? [silent, a, b] : silent > b ? [a, silent, b] : [a, b, silent]
}

/** How long the host may be silent, seconds: what its source says, or half as long again as is usual for it. */
export function allowedSilence(heard: Pick<Heard, 'silences' | 'usual'>, base: number): number {
  return Math.max(base, Math.ceil(FACTOR * Math.max(heard.usual, heard.silences[2])))
}
