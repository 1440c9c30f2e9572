import fc from 'fast-check'
import { expect, test } from 'vitest'
import { STATISTICS, statisticOf } from './statistic.ts'

test('is a figure of the samples, whatever their order', () => {
  const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 1e9 })
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
      const of = (statistic: (typeof STATISTICS)[number]) => statisticOf(statistic, values)
      expect([of('last'), of('min'), of('max')]).toEqual([values.at(-1), Math.min(...values), Math.max(...values)])
      expect(values).toContain(of('p95'))
      expect(values.filter((one) => one <= of('p95')).length).toBeGreaterThanOrEqual(0.95 * values.length)
      expect(of('mean')).toBeCloseTo(of('sum') / values.length)
    }),
  )
})

test.each(STATISTICS)('%s is had of a year with a sample a minute', (statistic) => {
  const values = Array.from({ length: 525_600 }, (_, at) => at % 1000)
  const wanted = { last: 599, mean: 499.27, min: 0, max: 999, p95: 949, sum: 262_417_200 }
  expect(statisticOf(statistic, values)).toBeCloseTo(wanted[statistic], 1)
})
