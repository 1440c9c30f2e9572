import { expect, it } from 'vitest'
import {
  formatDate,
  formatDateTime,
  formatDay,
  formatExact,
  formatLongDay,
  formatMinute,
  formatNearDay,
  formatTime,
  formatTimeMs,
  sameDay,
} from './time.ts'
import { zoneLabel, zoneName } from './zone.ts'

const AT = Date.UTC(2026, 10, 21, 16, 2, 19, 408)

it('shows a moment in the chosen zone', () => {
  expect(formatDateTime(AT, 'UTC')).toBe('2026-11-21 16:02 UTC')
  expect(formatDateTime(AT, 'Asia/Tokyo')).toBe('2026-11-22 01:02 JST')
  expect(formatExact(AT, 'Asia/Tokyo')).toBe('2026-11-22 01:02:19.408 JST')
  expect([formatTime(AT, 'UTC'), formatMinute(AT, 'UTC'), formatTimeMs(AT, 'UTC'), formatDate(AT, 'UTC')]).toEqual([
    '16:02:19',
    '16:02',
    '16:02:19.408',
    '2026-11-21',
  ])
})

it('writes days in both languages', () => {
  expect([formatDay(AT, 'UTC', 'en'), formatDay(AT, 'UTC', 'ja')]).toEqual(['21 Nov', '11月21日'])
  expect([formatLongDay(AT, 'UTC', 'en'), formatLongDay(AT, 'UTC', 'ja')]).toEqual(['21 Nov 2026', '2026年11月21日'])
})

it('names the year of a day that is not of this one, in the reader’s zone', () => {
  const later = Date.UTC(2027, 10, 23)
  expect([formatNearDay(AT, 'UTC', 'en', AT), formatNearDay(AT, 'UTC', 'ja', AT)]).toEqual(['21 Nov', '11月21日'])
  expect([formatNearDay(later, 'UTC', 'en', AT), formatNearDay(later, 'UTC', 'ja', AT)]).toEqual([
    '23 Nov 2027',
    '2027年11月23日',
  ])
  const eve = Date.UTC(2026, 11, 31, 16)
  expect([formatNearDay(eve, 'UTC', 'en', AT), formatNearDay(eve, 'Asia/Tokyo', 'en', AT)]).toEqual(['31 Dec', '1 Jan 2027'])
})

it('shows midnight as 00, never 24', () => {
  expect(formatTime(Date.UTC(2026, 0, 1), 'UTC')).toBe('00:00:00')
})

it('knows whether two moments share a day in the zone', () => {
  expect(sameDay(AT, AT + 8 * 3_600_000, 'Asia/Tokyo')).toBe(true)
  expect(sameDay(AT, AT + 8 * 3_600_000, 'UTC')).toBe(false)
})

it.each([
  ['Asia/Tokyo', 'JST'],
  ['UTC', 'UTC'],
  ['Etc/UTC', 'UTC'],
  ['Asia/Kathmandu', 'UTC+5:45'],
  ['America/New_York', 'EST'],
])('labels %s %s', (zone, label) => {
  expect(zoneLabel(zone, AT)).toBe(label)
})

it('names the zones of the switch', () => {
  expect(zoneName('utc', 'Asia/Tokyo')).toBe('UTC')
  expect(zoneName('local', 'Asia/Tokyo')).toBe('Asia/Tokyo')
})
