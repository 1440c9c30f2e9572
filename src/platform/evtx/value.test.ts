import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../kernel/json.ts'
import { decodeValue } from './value.ts'

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')
const float = Buffer.alloc(4)
float.writeFloatLE(0.5)
const double = Buffer.alloc(8)
double.writeDoubleLE(-1e300)

describe('a value of each type', () => {
  const cases: readonly (readonly [string, number, Buffer, JsonValue])[] = [
    ['null', 0x00, hex('0000'), null],
    ['string', 0x01, utf16('日本 \0'), '日本 '],
    ['empty string', 0x01, hex(''), ''],
    ['string with half a character', 0x01, Buffer.concat([utf16('a'), hex('3dd8 41')]), 'a�'],
    ['ANSI string', 0x02, Buffer.from('caf\xe9\0', 'latin1'), 'café'],
    ['int8', 0x03, hex('ff'), -1],
    ['uint8', 0x04, hex('ff'), 255],
    ['int16', 0x05, hex('feff'), -2],
    ['uint16', 0x06, hex('feff'), 65_534],
    ['int32', 0x07, hex('ffffffff'), -1],
    ['uint32', 0x08, hex('ffffffff'), 4_294_967_295],
    ['int64', 0x09, hex('ffffffffffffffff'), -1],
    ['uint64', 0x0a, hex('2a00000000000000'), 42],
    ['uint64 beyond 2^53', 0x0a, hex('ffffffffffffffff'), '18446744073709551615'],
    ['float', 0x0b, float, 0.5],
    ['double', 0x0c, double, -1e300],
    ['not a number', 0x0c, hex('000000000000f87f'), 'NaN'],
    ['true', 0x0d, hex('01000000'), true],
    ['false', 0x0d, hex('00000000'), false],
    ['binary', 0x0e, hex('00ab'), '00AB'],
    ['GUID', 0x0f, hex('5f3870572ac2 e043 bf4c06f5698ffbd9'), '5770385F-C22A-43E0-BF4C-06F5698FFBD9'],
    ['size, 32 bits', 0x10, hex('ff000000'), '0xff'],
    ['size, 64 bits', 0x10, hex('00000000 01000000'), '0x100000000'],
    ['FILETIME', 0x11, hex('f1e2c9c0a8a0dc01'), expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as string],
    ['FILETIME zero', 0x11, hex('0000000000000000'), '1601-01-01T00:00:00.000000Z'],
    ['FILETIME for ever', 0x11, hex('ffffffffffffff7f'), '0x7fffffffffffffff'],
    ['SYSTEMTIME', 0x12, hex('e907 0b00 0400 1b00 0700 2800 0a00 a500'), '2025-11-27T07:40:10.165Z'],
    ['SID', 0x13, hex('01 01 000000000005 12000000'), 'S-1-5-18'],
    ['SID of a domain', 0x13, hex('01 02 000000000005 15000000 ffffffff'), 'S-1-5-21-4294967295'],
    ['SID with a large authority', 0x13, hex('01 00 010000000000'), 'S-1-0x10000000000'],
    ['SID that is cut', 0x13, hex('01 02 000000000005 12000000'), '010200000000000512000000'],
    ['hexadecimal, 32 bits', 0x14, hex('e7030000'), '0x3e7'],
    ['hexadecimal, 64 bits', 0x15, hex('0000000000000080'), '0x8000000000000000'],
    ['handle', 0x20, hex('0102'), '0102'],
    ['number of a wrong size', 0x08, hex('0102'), '0102'],
    ['number without bytes', 0x08, hex(''), null],
    ['an unknown type', 0x60, hex('01'), '01'],
    ['strings', 0x81, utf16('a\0\0c\0'), ['a', '', 'c']],
    ['ANSI strings', 0x82, Buffer.from('a\0b\0', 'latin1'), ['a', 'b']],
    ['bytes', 0x84, hex('0102'), [1, 2]],
    ['words', 0x86, hex('01000200'), [1, 2]],
    ['truths', 0x8d, hex('0100000000000000'), [true, false]],
    ['hexadecimals', 0x95, hex('0100000000000000 ff00000000000000'), ['0x1', '0xff']],
    ['SIDs', 0x93, hex('01 01 000000000005 12000000 01 01 000000000005 13000000'), ['S-1-5-18', 'S-1-5-19']],
    ['an array with a rest', 0x88, hex('0100000002'), '0100000002'],
    ['an empty array', 0x81, hex(''), null],
  ]
  let ran = 0
  test.each(cases)('%s', (_name, type, bytes, value) => {
    ran += 1
    expect(decodeValue(type, Buffer.concat([hex('99'), bytes, hex('99')]), 1, 1 + bytes.length)).toEqual(value)
  })
  test('all were run', () => expect(ran).toBe(cases.length))
})
