/** Runs `work` again and again, `pause` milliseconds after it ended, never two at once. */
export interface Repeating {
  /** Lets a run that is going on end. */
  stop(): Promise<void>
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
