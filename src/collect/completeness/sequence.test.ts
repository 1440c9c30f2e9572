import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { densityOf, expireHoles, newStream, type Stream, takeNumber } from './sequence.ts'

/** Takes numbers one second apart; `at` says the observed time where it differs. */
function take(numbers: readonly (number | readonly [number: number, observed: number])[], stream = newStream()): Stream {
  for (const [second, one] of numbers.entries()) {
    const [number, observed] = typeof one === 'number' ? [one, 1000 + second] : one
    takeNumber(stream, number, observed, 1000 + second)
  }
  return stream
}

describe('numbered streams', () => {
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)
  const cases: readonly [name: string, numbers: Parameters<typeof take>[0], Partial<Stream>][] = [
    ['in turn, from anywhere', range(500, 530), { steps: 30, jumps: 0, missing: 0, duplicates: 0, resets: 0 }],
    ['a loss', [...range(1, 30), ...range(35, 60)], { missing: 4, jumps: 1, duplicates: 0, resets: 0 }],
    ['two losses', [...range(1, 30), ...range(35, 60), ...range(62, 90)], { missing: 5, jumps: 2 }],
    ['out of turn', [1, 2, 5, 4, 3, 6, 7], { missing: 0, jumps: 0, duplicates: 0, resets: 0 }],
    ['out of turn, one lost', [1, 2, 6, 4, 3, 7], { missing: 1, jumps: 1, duplicates: 0 }],
    ['sent again, with the times they had', [1, 2, 3, [2, 1001], [3, 1002], 4], { duplicates: 2, resets: 0, missing: 0 }],
    ['a new numbering', [...range(1000, 1030), ...range(1, 20)], { resets: 1, missing: 0, duplicates: 0 }],
    ['a wrapped number (RFC 5424 §7.3.1)', [2147483646, 2147483647, 1, 2, 3], { resets: 1, missing: 0, duplicates: 0 }],
    ['a leap is a new numbering', [1, 2, 3, 5_000_000, 5_000_001], { resets: 1, missing: 0 }],
    ['more holes than are kept', range(0, 40).map((n) => 1 + n * 3), { missing: 80, jumps: 40 }],
  ]
  it.each(cases)('%s', (_, numbers, expected) => {
    const stream = take(numbers)
    expireHoles(stream, 10_000)
    expect(stream).toMatchObject(expected)
    expect(stream.holes).toEqual([])
  })

  it('a hole may be filled for two minutes', () => {
    const stream = take([1, 2, 5])
    expect(expireHoles(stream, 1100)).toBe(false)
    expect(stream.missing).toBe(0)
    expect(expireHoles(stream, 1122)).toBe(true)
    expect(stream.missing).toBe(2)
  })

  it('a filter of the sender is not a loss that anybody can count', () => {
    expect(densityOf(take(range(1, 15)))).toBe('new')
    expect(densityOf(take(range(1, 100)))).toBe('dense')
    expect(densityOf(take(range(1, 100).filter((n) => n % 3 !== 0)))).toBe('sparse')
    expect(densityOf(take(range(1, 300).filter((n) => n % 50 !== 0)))).toBe('dense')
  })

  it('counts what never came, and nothing else, however deliveries overtake each other', () => {
    let runs = 0
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 200 }),
        fc.array(fc.nat(199), { maxLength: 12 }),
        fc.array(fc.tuple(fc.nat(199), fc.nat(5)), { maxLength: 12 }),
        (length, lost, late) => {
          runs++
          const gone = new Set(lost.filter((n) => n > 0 && n < length - 6))
          const numbers = Array.from({ length }, (_, n) => n).filter((n) => !gone.has(n))
          const delayed = new Map(late.map(([n, by]) => [n, by]))
          const order = numbers.toSorted((a, b) => a + (delayed.get(a) ?? 0) - (b + (delayed.get(b) ?? 0)) || a - b)
          // The first number that comes is where the stream begins.
          const first = order[0]!
          const stream = newStream()
          for (const number of order) if (number >= first) takeNumber(stream, 1 + number, 1000 + number, 2000)
          expireHoles(stream, 3000)
          expect(stream.missing).toBe([...gone].filter((n) => n > first).length)
          expect(stream.duplicates + stream.resets).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
    expect(runs).toBe(300)
  })
})
