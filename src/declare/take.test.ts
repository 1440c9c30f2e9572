import { describe, expect, it } from 'vitest'
import type { Measure, Reading } from '../kernel/measure.ts'
import type { Criterion } from './criteria.ts'
import { take } from './take.ts'

const NOW = Date.UTC(2026, 10, 22)
const criterion: Criterion = {
  id: 'delay',
  kind: 'objective',
  title: { en: 'Delay', ja: '遅延' },
  measure: 'test.delay',
  unit: 'seconds',
  params: { statistic: 'mean' },
  comparator: '<=',
  target: 300,
  margin: 0,
  windowMs: 1000,
  maxAgeMs: 1000,
}
const good: Reading = { value: 1, good: 1, bad: 0, unknown: 0, evidence: {} }

function measure(run: Measure['measure']): Measure {
  return { id: 'test.delay', unit: 'seconds', title: { en: '', ja: '' }, measure: run }
}

describe('take', () => {
  it('asks for the window that ends now', async () => {
    const asked: unknown[] = []
    const taken = await take(
      criterion,
      measure(async (...question) => {
        asked.push(question)
        return { ...good, asOf: NOW - 5 }
      }),
      'default',
      NOW,
    )
    expect(asked).toEqual([[{ statistic: 'mean' }, NOW - 1000, NOW, 'default']])
    expect(taken).toMatchObject({ value: 1, measuredAt: NOW, asOf: NOW - 5, missing: null })
  })

  it('gives up on a measure that never answers, and forgets its late failure', async () => {
    const { promise, reject } = Promise.withResolvers<Reading>()
    const taken = await take(
      criterion,
      measure(() => promise),
      'default',
      NOW,
      5,
    )
    reject(new Error('too late to matter'))
    expect(taken).toMatchObject({ value: null, missing: { en: 'The measure did not answer in 5 ms' } })
  })

  it.each<readonly [string, Measure | undefined]>([
    ['is not there', undefined],
    [
      'throws at once',
      measure(() => {
        throw new Error('broken')
      }),
    ],
    ['rejects', measure(() => Promise.reject(new Error('broken')))],
    ['answers nothing at all', measure(async () => undefined as unknown as Reading)],
    ['answers infinity', measure(async () => ({ ...good, value: Number.POSITIVE_INFINITY }))],
    ['answers null without a reason', measure(async () => ({ ...good, value: null }))],
  ])('has no value when the measure %s', async (_what, broken) => {
    const taken = await take(criterion, broken, 'default', NOW)
    expect(taken).toMatchObject({ value: null, missing: { en: expect.any(String), ja: expect.any(String) } })
  })

  it('keeps a detail that is too large for a leaf out of it, and says so', async () => {
    const taken = await take(
      criterion,
      measure(async () => ({ ...good, evidence: { x: 'y'.repeat(20_000) } })),
      'default',
      NOW,
    )
    expect(taken.detail).toEqual({ tooLarge: 20_008 })
  })
})
