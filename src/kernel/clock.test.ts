import fc from 'fast-check'
import { expect, it } from 'vitest'
import { neverBack } from './clock.ts'

it('never goes back, and is right wherever it is not behind', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }),
      fc.integer({ min: 0, max: 1000 }),
      (times, from) => {
        let at = 0
        const clock = neverBack({ now: () => times[at++]! }, from)
        let latest = from
        for (const time of times) {
          const now = clock.now()
          expect(now).toBe(Math.max(time, latest))
          latest = now
        }
      },
    ),
  )
})
