import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addCounts, countOutcomes, imbalance, NO_COUNTS, RECORD_OUTCOMES } from './counts.ts'

const batch = fc.record({
  outcomes: fc.array(fc.constantFrom(...RECORD_OUTCOMES), { maxLength: 200 }),
  bytes: fc.nat(1e6),
  gaps: fc.nat(50),
  dropped: fc.nat(20),
})

test('whatever batches come, the sums add up and each record is counted once', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 30 }), (batches) => {
      const total = batches.reduce((sum, b) => addCounts(sum, countOutcomes(b.outcomes, b)), NO_COUNTS)
      expect(imbalance(total)).toBeUndefined()
      expect(total.received).toBe(batches.reduce((n, b) => n + b.outcomes.length + b.dropped, 0))
      expect(total.gaps).toBe(batches.reduce((n, b) => n + b.gaps, 0))
    }),
  )
})

test('an imbalance is named by its equation', () => {
  const good = countOutcomes(['parsed', 'unknown', 'repeated', 'dropped'])
  expect(imbalance(good)).toBeUndefined()
  expect(imbalance({ ...good, received: 5 })).toMatch(/received 5 ≠/)
  expect(imbalance({ ...good, parsed: 2 })).toMatch(/stored 2 ≠ parsed 2/)
  expect(imbalance({ ...good, gaps: -1 })).toMatch(/gaps is -1/)
  expect(imbalance({ ...good, bytes: 0.5 })).toMatch(/bytes is 0.5/)
})
