import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isJournalExport, readJournalExport } from './journal-export.ts'

/** A field in the binary form: name, eight bytes of length, the bytes. */
function binary(name: string, value: Uint8Array): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(value.length))
  return Buffer.concat([Buffer.from(`${name}\n`), length, value, Buffer.from('\n')])
}

const first = Buffer.from('__CURSOR=s=1\n__REALTIME_TIMESTAMP=1768474800123456\n_PID=1\nMESSAGE=plain = text\n')
const blank = Buffer.from('\n')

describe('the journal export format', () => {
  it('is known by its cursor', () => {
    expect(isJournalExport(first)).toBe(true)
    expect(isJournalExport(Buffer.from('__CURS'))).toBe(false)
  })

  it('takes a length at its word: a value cannot pass for a field', () => {
    const forged = binary('MESSAGE', Buffer.from('two\n\n_UID=0\nlines'))
    const bytes = Buffer.concat([first, blank, Buffer.from('__CURSOR=s=2\n_UID=1000\n'), forged, blank])
    expect(readJournalExport(bytes, true)).toEqual({
      entries: [
        { __CURSOR: 's=1', __REALTIME_TIMESTAMP: '1768474800123456', _PID: '1', MESSAGE: 'plain = text' },
        { __CURSOR: 's=2', _UID: '1000', MESSAGE: 'two\n\n_UID=0\nlines' },
      ],
      taken: bytes.length,
      fault: undefined,
    })
  })

  it('keeps bytes that are no text, and fields that come twice, as journalctl -o json does', () => {
    const bytes = Buffer.concat([first, binary('BLOB', Buffer.from([0xff, 0x00])), Buffer.from('A=1\nA=2\nA=3\n')])
    expect(readJournalExport(bytes, true).entries[0]).toMatchObject({ BLOB: [255, 0], A: ['1', '2', '3'] })
  })

  it.each([
    ['__CURSOR=1\nnot a field\n', 'no field name of the journal: "not a field"'],
    ['__CURSOR=1\nMESSAGE', 'a torn line at the end of a journal export'],
    ['__CURSOR=1\nMESSAGE\n\x09\0\0\0\0\0\0\0abc', 'fewer bytes than the length of the field MESSAGE says'],
    ['__CURSOR=1\nMESSAGE\n\x02\0\0\0\0\0\0\0abcd\n', 'no line feed where the field MESSAGE ends'],
    ['__CURSOR=1\nMESSAGE\n\0\0\0\0\0\0\0\x01abcd\n', 'a field of more than 16777216 bytes: MESSAGE'],
  ])('says what is broken: %j', (text, fault) => {
    const read = readJournalExport(Buffer.concat([first, blank, Buffer.from(text, 'latin1')]), true)
    expect(read).toMatchObject({ fault, taken: first.length + 1 })
    expect(read.entries).toHaveLength(1)
  })

  it('reads the same, wherever it is cut, and never throws', () => {
    const field = fc.oneof(
      fc
        .tuple(fc.constantFrom('MESSAGE', '_PID', 'A'), fc.uint8Array({ maxLength: 30 }))
        .map(([name, value]) => binary(name, value)),
      fc.constantFrom('MESSAGE=a=b\n', '_UID=0\n', '\n').map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(fc.array(field, { maxLength: 12 }), fc.integer({ min: 1, max: 40 }), (fields, size) => {
        const bytes = Buffer.concat([first, ...fields])
        const whole = readJournalExport(bytes, true)
        const pieces = []
        let rest: Buffer = Buffer.alloc(0)
        for (let at = 0; at < bytes.length; at += size) {
          rest = Buffer.concat([rest, bytes.subarray(at, at + size)])
          const read = readJournalExport(rest, false)
          expect(read.fault).toBeUndefined()
          pieces.push(...read.entries)
          rest = rest.subarray(read.taken)
        }
        pieces.push(...readJournalExport(rest, true).entries)
        expect(pieces).toEqual(whole.entries)
      }),
      { numRuns: 500 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readJournalExport(Buffer.from(bytes), true)))
  })

  it('takes a field that comes very often in time that grows with it', () => {
    const bytes = Buffer.from(`__CURSOR=a\n${'A=b\n'.repeat(200_000)}\n`)
    const before = process.cpuUsage()
    const { entries } = readJournalExport(bytes, true)
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000)
    expect(entries[0]!['A']).toHaveLength(200_000)
  })
})
