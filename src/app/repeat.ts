/** Runs `work` again and again, `pause` milliseconds after it ended, never two at once. */
export interface Repeating {
  /** Lets a run that is going on end. */
  stop(): Promise<void>
}

/** As `Repeating`, and at once when there is a reason. */
export interface Waking extends Repeating {
  /** Works soon, instead of when the pause is over. */
  poke(): void
}

export function repeatEvery(pause: number, work: () => Promise<void>, failed: (error: unknown) => void): Repeating {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const run = (): void => {
    running = work()
      .catch(failed)
      .then(() => {
        if (!stopped) timer = setTimeout(run, pause)
      })
  }
  timer = setTimeout(run, 0)
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

/**
 * As `repeatEvery`, and `soonest` milliseconds after it was poked, or after the run that goes on then ended: however often it
 * is poked, it rests that long between two runs.
 */
export function repeatOrSooner(
  pause: number,
  soonest: number,
  work: () => Promise<void>,
  failed: (error: unknown) => void,
): Waking {
  let stopped = false
  let poked = false
  let busy = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const sleep = (ms: number): void => {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(run, ms)
  }
  const run = (): void => {
    busy = true
    poked = false
    running = work()
      .catch(failed)
      .then(() => {
        busy = false
        sleep(poked ? soonest : pause)
      })
  }
  sleep(0)
  return {
    poke() {
      if (poked) return
      poked = true
      if (!busy) sleep(soonest)
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
