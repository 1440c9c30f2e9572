/** Those who wait for the next change of something. */
export interface Waiters {
  readonly wake: () => void
  /** Resolves at the next `wake`, or when the signal ends. */
  readonly next: (signal: AbortSignal) => Promise<void>
}

export function createWaiters(): Waiters {
  const waiting = new Set<() => void>()
  return {
    wake() {
      for (const one of waiting) one()
    },
    next: (signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          waiting.delete(done)
          signal.removeEventListener('abort', done)
          resolve()
        }
        waiting.add(done)
        signal.addEventListener('abort', done)
        if (signal.aborted) done()
      }),
  }
}
