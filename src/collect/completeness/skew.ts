import { CLOCK_AHEAD_MS, CLOCK_BEHIND_MS } from '../../kernel/clock-trust.ts'

/** One judgement of a clock takes the events of so many seconds. */
const WINDOW = 600
const ZONE_STEP_MS = 30 * 60_000
const ZONE_TOLERANCE_MS = 3 * 60_000

/**
 * What a host's events say about its clock. The shortest delay between observed and received within a window is the
 * clock's error plus the way: no event comes before it happened. Times of windows are seconds, delays milliseconds.
 */
export interface Skew {
  /** Start of the growing window, and its shortest delay; null: no event carried a time of its own. */
  since: number
  growing: number | null
  /** The shortest delay of the last whole window. */
  delay: number | null
  /** Events observed further in the future, or longer ago, than is believed. */
  ahead: number
  behind: number
}

export function newSkew(now: number): Skew {
  return { since: now, growing: null, delay: null, ahead: 0, behind: 0 }
}

/** @param observed and @param received milliseconds; equal ones are taken for an event without a time of its own. */
export function takeTimes(skew: Skew, observed: number, received: number): void {
  const delay = received - observed
  if (delay === 0) return
  if (delay < -CLOCK_AHEAD_MS) skew.ahead++
  else if (delay > CLOCK_BEHIND_MS) skew.behind++
  const now = Math.floor(received / 1000)
  if (now >= skew.since + WINDOW) {
    skew.delay = skew.growing
    skew.growing = delay
    skew.since = now
  } else if (skew.growing === null || delay < skew.growing) skew.growing = delay
}

/** How far the clock is ahead of ours, milliseconds; negative: behind, or everything comes late. Null where nobody can say. */
export function clockError({ growing, delay }: Pick<Skew, 'growing' | 'delay'>): number | null {
  const shortest = growing ?? delay
  return shortest === null ? null : -shortest
}

/** Beyond belief: windows of rules stand at the received time. */
export function isSkewed(error: number | null): boolean {
  return error !== null && (error > CLOCK_AHEAD_MS || error < -CLOCK_BEHIND_MS)
}

/** The time zone that an error looks like, minutes; the usual cause is a wrong zone of the source. */
export function zoneLike(error: number | null): number | null {
  if (!isSkewed(error)) return null
  const steps = Math.round(error! / ZONE_STEP_MS)
  const minutes = steps * 30
  return Math.abs(error! - steps * ZONE_STEP_MS) <= ZONE_TOLERANCE_MS && steps !== 0 && Math.abs(minutes) <= 840 ? minutes : null
}
