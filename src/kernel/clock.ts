/** Milliseconds since 1970-01-01T00:00Z, injected so that tests own the time. */
export interface Clock {
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
