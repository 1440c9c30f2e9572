import { expect, test } from 'vitest'
import { makeValue, testValue, transformValue } from './value.ts'
import { ValueCache } from './value-cache.ts'

test('values that come again are the same, and know it', () => {
  const cache = new ValueCache()
  const first = cache.of('en-US')
  expect(first.returns).toBe(false)
  expect(cache.of('en-US')).toBe(first)
  expect(first.returns).toBe(true)
})

test('no number of values makes it grow beyond its bound, and those in use stay', () => {
  const cache = new ValueCache(10)
  const kept = cache.of('kept')
  for (let index = 0; index < 1000; index++) {
    cache.of(`value ${index}`)
    expect(cache.of('kept')).toBe(kept)
    expect(cache.size).toBeLessThanOrEqual(20)
  }
})

test('long values are not kept, nor those that the prefilter gave up', () => {
  const cache = new ValueCache()
  expect(cache.of('x'.repeat(1000))).not.toBe(cache.of('x'.repeat(1000)))
  const value = cache.of('attack')
  value.hits = undefined
  expect(cache.of('attack')).not.toBe(value)
})

test('a value that returns is tested once, whatever the answer', () => {
  let runs = 0
  const never = () => {
    runs += 1
    return undefined
  }
  const value = { ...makeValue('a'), returns: true }
  expect([testValue(value, never), testValue(value, never)]).toEqual([undefined, undefined])
  expect(runs).toBe(1)
})

test('a transformation that changes nothing leads back', () => {
  const value = makeValue('a')
  expect(transformValue(value, { number: 0, apply: (text) => text })).toBe(value)
  const step = { number: 1, apply: (text: string) => `${text}b` }
  expect(transformValue(value, step)).toBe(transformValue(value, step))
})
