/** Milliseconds since 1970-01-01T00:00Z, injected so that tests own the time. */
export interface Clock {
  now(): number
}

/**
 * A clock that stands still where the one below it was set back, until that has caught up: what was received later never
 * has an earlier time. It only knows the times at which it was asked, and `from`.
 */
export function neverBack(clock: Clock, from: number): Clock {
  let latest = from
  return {
    now() {
      latest = Math.max(latest, clock.now())
      return latest
    },
  }
}

export const systemClock: Clock = { now: () => Date.now() }
