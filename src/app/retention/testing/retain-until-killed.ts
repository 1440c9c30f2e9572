/**
 * `node retain-until-killed.ts FOLDER NOW N`: one run of retention, killed by SIGKILL at its Nth step (before or after a
 * call of the lake, a state transaction or a drain). Ends by itself with 0 if the run has fewer.
 */

import { runRetention } from '../run.ts'
import { openKeepingBed } from './keeping-bed.ts'
import { POLICY } from './policy.ts'

const [folder = '', now = '', most = ''] = process.argv.slice(2)
let steps = 0

function step(): void {
  steps += 1
  if (steps === Number(most)) process.kill(process.pid, 'SIGKILL')
}

/** The same object, with a step before and after each call of these methods. */
function stepping<T extends object>(target: T, names: readonly (keyof T)[]): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name)
      if (typeof value !== 'function') return value
      if (!names.includes(name as keyof T)) return value.bind(object) as unknown
      return async (...args: unknown[]): Promise<unknown> => {
        step()
        const result: unknown = await value.apply(object, args)
        step()
        return result
      }
    },
  })
}

const bed = await openKeepingBed(folder, Number(now))
await runRetention({
  lake: stepping(bed.lake, ['erase', 'sealHour', 'dropHour']),
  state: stepping(bed.state, ['transaction']),
  clock: bed.clock,
  root: bed.root,
  drain: () => stepping(bed.drainer, ['drain']).drain(),
  policy: POLICY,
})
await bed.stop()
