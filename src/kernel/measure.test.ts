import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shareOf } from './measure.ts'

test.each([
  [0, 7, 0],
  [2, 3, 66.66],
  [118, 125, 94.4],
  [29, 100, 29],
  [49_998, 50_000, 99.99],
  [999_999_999_999, 1_000_000_000_000, 99.99],
  [7, 7, 100],
])('%d of %d are %d %%', (good, all, share) => {
  expect(shareOf(good, all)).toBe(share)
})

test('a share is never more than it is, and misses by less than a hundredth', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 1_000_000_000n), fc.bigInt(0n, 1_000_000_000n), (all, part) => {
      const good = part % (all + 1n)
      const hundredths = BigInt(Math.round(shareOf(Number(good), Number(all)) * 100))
      expect(hundredths * all <= 10_000n * good).toBe(true)
      expect((hundredths + 1n) * all > 10_000n * good).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
