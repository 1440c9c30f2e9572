import { expect, test } from 'vitest'
import { JsonScan } from './json-scan.ts'
import { UNKNOWN } from './value-table.ts'

test('a table knows texts by their values at its paths alone, also after it was emptied', () => {
  const scan = new JsonScan()
  const table = scan.table([scan.path(['id'])!, scan.path(['a', 'b'])!])!
  const read = (value: object) => {
    const bytes = Buffer.from(JSON.stringify(value))
    expect(scan.read(bytes, 0, bytes.length)).toBe(true)
    return scan.recall(table)
  }
  let emptied = 0
  let last = -1
  let known = new Map<number, string>()
  // Hashes meet where the middle of a value differs: only so many of a chain are looked at, none is mistaken for another.
  for (let round = 0; round < 8_000; round += 1) {
    const middle = round % 40
    const id = [`same ${String(middle).padStart(40, '-')} ends`, round % 300, null, round % 2 === 0, `${round % 70}`][round % 5]
    const value = { id, a: round % 3 === 0 ? {} : { b: `é${round < 4_000 ? round % 7 : round}` } }
    const key = JSON.stringify(value)
    const number = read({ ...value, other: round })
    if (number === UNKNOWN) {
      const made = scan.enter(table)
      if (made <= last) {
        emptied += 1
        known = new Map()
      }
      last = made
      known.set(made, key)
      expect(read(value)).toBe(made)
    } else expect(known.get(number)).toBe(key)
  }
  expect([emptied > 0, known.size > 50]).toEqual([true, true])
  expect(read({ id: ['a'] })).toBeLessThan(UNKNOWN)
  expect(read({ id: 'long'.repeat(100) })).toBeLessThan(UNKNOWN)
})
