import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvLine, parseCsv } from './csv.ts'

const cases: readonly (readonly [string, readonly string[][]])[] = [
  [
    'a,b\n1,2\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'a;b\r\n1;"2;3"\r\n',
    [
      ['a', 'b'],
      ['1', '2;3'],
    ],
  ],
  [
    '\uFEFFa\tb\n"x ""y""\n z"\t',
    [
      ['a', 'b'],
      ['x "y"\n z', ''],
    ],
  ],
  [
    'a,b\n\n,\n',
    [
      ['a', 'b'],
      ['', ''],
    ],
  ],
  ['a,', [['a', '']]],
  ['', []],
]

test(`reads CSV as it is written by others (${cases.length} cases)`, () => {
  for (const [text, records] of cases) expect(parseCsv(text), JSON.stringify(text)).toEqual(records)
})

test('says where a quote is wrong', () => {
  expect(() => parseCsv('a\n"b')).toThrow(expect.objectContaining({ code: 'bad_csv', place: { line: 2 } }))
  expect(() => parseCsv('a\n"b"c\n')).toThrow(expect.objectContaining({ code: 'bad_csv', place: { line: 2 } }))
})

test('a cell that would begin a formula is led by an apostrophe, in any width', () => {
  for (const first of [...'=+-@\t\r\n\0＝＋－＠']) expect(parseCsv(csvLine([`${first}1`, 'b']))[0]![0]).toBe(`'${first}1`)
  expect(csvLine([-1, 'a=1'])).toBe('-1,a=1\r\n')
})

test('what is written is read back, but for the apostrophe before a formula', () => {
  const record = fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 5 })
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), (records) => {
      // The first line decides about the separator.
      const text = csvLine(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) + records.map((one) => csvLine(one)).join('')
      const read = parseCsv(text)
        .slice(1)
        .map((one) => one.map((cell) => cell.replace(/^'(?=[=+\-@\t\r\n\0＝＋－＠])/, '')))
      expect(read).toEqual(records.map((one) => one.map((cell) => cell.replace(/^'(?=[=+\-@\t\r\n\0＝＋－＠])/, ''))))
    }),
  )
})
