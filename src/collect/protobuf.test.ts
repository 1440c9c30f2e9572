import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allBytesOf, bytesOf, encodeFields, fieldsOf, numberOf } from './protobuf.ts'

test('fields of every wire type are read, the last one of a number counts', () => {
  const message = Buffer.from('0896011201611a0080012a0d78563412110100000000000000120162', 'hex')
  const fields = fieldsOf(message)
  expect(fields.map(({ number, wire }) => [number, wire])).toEqual([
    [1, 0],
    [2, 2],
    [3, 2],
    [16, 0],
    [1, 5],
    [2, 1],
    [2, 2],
  ])
  expect([numberOf(fields, 16), numberOf(fields, 1), numberOf(fields, 2)]).toEqual([42n, 0x12345678n, 1n])
  expect([bytesOf(fields, 2)?.toString(), allBytesOf(fields, 2).map(String), bytesOf(fields, 9)]).toEqual([
    'b',
    ['a', 'b'],
    undefined,
  ])
})

const BROKEN: readonly (readonly [name: string, hex: string])[] = [
  ['cut in a tag', '80'],
  ['cut in a varint', '0880'],
  ['cut in fixed 64', '09010203'],
  ['cut in fixed 32', '0d0102'],
  ['a length past the end', '0a05aa'],
  ['a length of 2^63', '0affffffffffffffff7f'],
  ['a varint of eleven bytes', '08ffffffffffffffffffff01'],
  ['field number 0', '0001'],
  ['a group', '0b'],
  ['wire type 7', '0f'],
]

test.each(BROKEN)('%s is refused', (_name, hex) => {
  expect(() => fieldsOf(Buffer.from(hex, 'hex'))).toThrow(RangeError)
})

test('what we write is read back, and any bytes are read or refused', () => {
  const field = fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.oneof(fc.nat(), fc.string({ unit: 'binary' })))
  fc.assert(
    fc.property(fc.array(field, { maxLength: 12 }), (fields) => {
      const read = fieldsOf(encodeFields(fields)).map((one) => [
        one.number,
        one.wire === 2 ? one.bytes.toString() : Number(one.value),
      ])
      expect(read).toEqual(
        fields.map(([number, value]) => [number, typeof value === 'string' ? Buffer.from(value).toString() : value]),
      )
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        fieldsOf(Buffer.from(bytes))
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
    { numRuns: 1000 },
  )
})
