import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { derive } from './derive.ts'
import { ExactSum } from './exact-sum.ts'
import { parseTimespan } from './timespan.ts'
import { countedValues, groupKey, plainValue, reckonedValues } from './values.ts'

describe('timespans', () => {
  it.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['1M', 2_592_000_000],
    ['1y', 31_536_000_000],
  ])('%s', (text, milliseconds) => expect(parseTimespan(text)).toBe(milliseconds))
  it.each(['', '5', 'm', '0m', '-5m', '5 m', '1.5h', '5min', '5H'])('refuses "%s"', (text) =>
    expect(parseTimespan(text)).toBeUndefined(),
  )
})

describe('derived fields', () => {
  it.each([
    ['a.b.Example.co.uk', 'example.co.uk', 'a.b', 3],
    ['example.com.', 'example.com', '', 0],
    ['x.y.github.io', 'y.github.io', 'x', 1],
    ['_dmarc.example.org', 'example.org', '_dmarc', 6],
    ['localhost', undefined, undefined, undefined],
    ['192.0.2.7', undefined, undefined, undefined],
  ])('%s', (name, domain, subdomain, length) => {
    expect(derive('registered_domain', name)).toBe(domain)
    expect(derive('subdomain', name)).toBe(subdomain)
    expect(derive('subdomain_length', name)).toBe(length)
    expect(derive('length', name)).toBe(name.length)
  })
})

describe('exact sums', () => {
  it('depend on the members only, whatever passed through before', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e200, max: 1e200 })
    fc.assert(
      fc.property(fc.array(number), fc.array(number), (gone, kept) => {
        const sum = new ExactSum()
        for (const value of gone) sum.add(value)
        for (const value of kept) sum.add(value)
        for (const value of gone) sum.remove(value)
        const plain = new ExactSum()
        for (const value of [...kept].reverse()) plain.add(value)
        expect(sum.value()).toBe(plain.value())
      }),
    )
  })
  it('round once', () => {
    const sum = new ExactSum()
    for (const value of [1e100, 0.1, 0.2, -1e100]) sum.add(value)
    expect(sum.value()).toBe(0.1 + 0.2)
    for (let index = 0; index < 10; index++) sum.add(0.1)
    expect(sum.value()).toBe(1.3)
  })
})

describe('values', () => {
  it.each([
    [undefined, undefined],
    [null, undefined],
    ['', undefined],
    ['-', undefined],
    [0, 0],
    [[], undefined],
    [['a'], 'a'],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
  ])('%j is %j', (raw, plain) => expect(plainValue(raw)).toEqual(plain))
  it('makes different keys of different groups', () => {
    const part = fc.string({ maxLength: 4 }).map((text) => text.toLowerCase())
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 2 }), fc.array(part, { minLength: 2, maxLength: 2 }), (a, b) => {
        expect(groupKey('s', a) === groupKey('s', b)).toBe(a[0] === b[0] && a[1] === b[1])
      }),
    )
  })
  it('reads what is counted and what is reckoned with', () => {
    expect(countedValues([['a', 'a', 'b']])).toEqual(['a', 'b'])
    expect(countedValues(['a', undefined])).toEqual([])
    expect(reckonedValues([[1, '2', 'x', null]])).toEqual([1, 2])
    expect(reckonedValues(['0x10'])).toEqual([16])
  })
})
