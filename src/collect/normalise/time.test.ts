import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accessTime, isoTime, syslogTime } from './time.ts'

const received = Date.UTC(2026, 0, 15, 12)
const iso = (at: number | undefined): string | undefined => (at === undefined ? undefined : new Date(at).toISOString())

describe('isoTime', () => {
  it.each([
    ['2026-01-15T11:00:00Z', '2026-01-15T11:00:00.000Z'],
    ['2026-01-15 11:00:00.5', '2026-01-15T02:00:00.500Z'],
    ['2026-01-15T11:00:00.123456789+09:00', '2026-01-15T02:00:00.123Z'],
    ['2026-01-15T11:00:00,25-0330', '2026-01-15T14:30:00.250Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2026-06-30T23:59:60Z', '2026-07-01T00:00:00.000Z'],
    ['2026-02-29T00:00:00Z', undefined],
    ['2026-01-15T24:00:00Z', undefined],
    ['2026-01-15T11:00:00.Z', undefined],
    ['2026-01-15T11:00:00 Z', undefined],
    ['2026-01-15T11:00', undefined],
    ['2026-1-15T11:00:00Z', undefined],
    ['٢٠٢٦-01-15T11:00:00Z', undefined],
  ])('%s is %s', (text, expected) => {
    expect(iso(isoTime(text, 540))).toBe(expected)
  })

  it('refuses a text without a zone where none is given', () => {
    expect(isoTime('2026-01-15T11:00:00', undefined)).toBeUndefined()
  })

  it('reads back what Date writes', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        expect(isoTime(date.toISOString(), undefined)).toBe(date.getTime())
      }),
    )
  })
})

describe('syslogTime', () => {
  it.each([
    ['Jan 15 20:59:01', 540, '2026-01-15T11:59:01.000Z'],
    ['Jan  5 20:59:01', 0, '2026-01-05T20:59:01.000Z'],
    ['Dec 31 23:59:59', 0, '2025-12-31T23:59:59.000Z'],
    ['Feb 10 00:00:00', 0, '2026-02-10T00:00:00.000Z'],
    ['Feb 20 00:00:00', 0, '2025-02-20T00:00:00.000Z'],
    ['Feb 29 00:00:00', 0, '2024-02-29T00:00:00.000Z'],
    ['Jan 32 00:00:00', 0, undefined],
    ['Jxx 15 00:00:00', 0, undefined],
  ])('%s, zone %i, is %s', (text, zone, expected) => {
    expect(iso(syslogTime(text, 0, received, zone))).toBe(expected)
  })

  it('takes the new year’s first records in the old year’s last minute as the new year’s', () => {
    expect(iso(syslogTime('Jan  1 00:00:05', 0, Date.UTC(2025, 11, 31, 23, 59), 0))).toBe('2026-01-01T00:00:05.000Z')
  })
})

describe('accessTime', () => {
  it.each([
    ['10/Oct/2000:13:55:36 -0700', '2000-10-10T20:55:36.000Z'],
    ['31/Feb/2026:20:00:16 +0900', undefined],
    ['10/Oct/2000:13:55:36', undefined],
  ])('%s is %s', (text, expected) => {
    expect(iso(accessTime(text))).toBe(expected)
  })
})
