import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SlidingCount, SlidingSet } from './window.ts'

const SPEC = { length: 600, buckets: 10 }
/** Steps forward in time, and what happens there. */
const happenings = fc.array(fc.record({ after: fc.nat({ max: 300 }), what: fc.nat({ max: 12 }) }), { maxLength: 80 })

interface Happened {
  readonly at: number
  readonly what: number
}

function times(steps: readonly { readonly after: number; readonly what: number }[]): Happened[] {
  let at = 1_000
  return steps.map(({ after, what }) => {
    at += after
    return { at, what }
  })
}

const within = (all: readonly Happened[], now: number, length: number) => all.filter(({ at }) => at > now - length)
const kinds = (all: readonly Happened[]) => new Set(all.map(({ what }) => what)).size

it('counts all of the window, and nothing older than one bucket more', () => {
  fc.assert(
    fc.property(happenings, fc.nat({ max: 1_500 }), (steps, later) => {
      const all = times(steps)
      const count = new SlidingCount(SPEC)
      const set = new SlidingSet(SPEC, 20)
      for (const { at, what } of all) {
        count.add(at)
        set.add(what, at)
      }
      const now = (all.at(-1)?.at ?? 1_000) + later
      const least = within(all, now, SPEC.length)
      const most = within(all, now, SPEC.length * 1.1 + 1)
      expect(count.count(now)).toBeGreaterThanOrEqual(least.length)
      expect(count.count(now)).toBeLessThanOrEqual(most.length)
      expect(set.count(now)).toBeGreaterThanOrEqual(kinds(least))
      expect(set.count(now)).toBeLessThanOrEqual(kinds(most))
    }),
  )
})

it('stays within its bound, and says at least so many', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 200 }), fc.integer({ min: 1, max: 16 }), (hashes, most) => {
      const set = new SlidingSet(SPEC, most)
      for (const hash of hashes) set.add(hash, 5_000)
      expect(set.count(5_000)).toBe(Math.min(most, new Set(hashes).size))
    }),
  )
})

it('does not fall for a clock that goes back', () => {
  const count = new SlidingCount(SPEC)
  count.add(100_000)
  count.add(50_000)
  expect(count.count(50_000)).toBe(2)
  expect(count.count(100_700)).toBe(0)
})
