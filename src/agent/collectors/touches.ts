import { realWait } from '../../platform/backoff.ts'

/** Things that something happened to, each once, until they are asked for: nothing runs while nothing happens. */
export interface Touches<T> {
  readonly add: (path: string, about: T) => void
  /** Waits for the first, then `settleMs` for more; empty after `mostMs` or at the end. */
  readonly next: (settleMs: number, mostMs: number) => Promise<ReadonlyMap<string, T>>
}

export function createTouches<T>(signal: AbortSignal): Touches<T> {
  let touched = new Map<string, T>()
  let wake = new AbortController()
  return {
    add(path, about) {
      touched.set(path, about)
      // Each call would make an exception with its stack, and there are thousands of touches.
      if (!wake.signal.aborted) wake.abort()
    },
    async next(settleMs, mostMs) {
      if (touched.size === 0) {
        wake = new AbortController()
        await realWait(mostMs, AbortSignal.any([signal, wake.signal]))
      }
      if (touched.size === 0) return touched
      await realWait(settleMs, signal)
      const now = touched
      touched = new Map()
      return now
    },
  }
}
