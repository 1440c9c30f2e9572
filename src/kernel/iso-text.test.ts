import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isoText } from './iso-text.ts'

test('it is what a Date writes, in any order of times', () => {
  const near = fc
    .tuple(fc.integer({ min: -8.64e12, max: 8.64e12 }), fc.integer({ min: 0, max: 3000 }))
    .map(([a, b]) => a * 1000 + b)
  const times = fc.array(
    fc.oneof(
      near,
      fc.integer({ min: 0, max: 5000 }),
      fc.constantFrom(-1, 0, 999, 1000, -62_167_219_200_000, 253_402_300_799_999),
    ),
  )
  let asked = 0
  fc.assert(
    fc.property(times, (some) => {
      for (const ms of some.filter((one) => Math.abs(one) <= 8.64e15)) {
        expect(isoText(ms)).toBe(new Date(ms).toISOString())
        asked += 1
      }
    }),
  )
  expect(asked).toBeGreaterThan(100)
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1])('no time: %s', (ms) => {
  expect(() => isoText(ms)).toThrow(RangeError)
})

test('parts of a millisecond are left out', () => {
  expect(isoText(1.9)).toBe('1970-01-01T00:00:00.001Z')
})
