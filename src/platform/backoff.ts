import { setTimeout as sleep } from 'node:timers/promises'

/** Waits, or returns early once the signal aborts. Injected, so that tests own the time. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>

export const realWait: Wait = async (ms, signal) => {
  if (!signal.aborted) await sleep(ms, undefined, { signal }).catch(() => {})
}

export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * How long to wait before attempt `attempt` (0 is the first retry): doubling, with the upper half at random, so that what
 * failed together does not come back together.
 */
export function backoffMs(attempt: number, random: () => number, backoff: Backoff): number {
  const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempt, 30))
  return Math.round(full / 2 + (random() * full) / 2)
}
