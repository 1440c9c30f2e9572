/** Runs one piece of work after the other, in the order in which they came. A failure is its own work's alone. */
export type Turns = <R>(work: () => Promise<R>) => Promise<R>

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work, work)
    last = done.catch(() => undefined)
    return done
  }
}
