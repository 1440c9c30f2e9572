import { expect, it } from 'vitest'
import { isZone, offsetOf } from './zone.ts'

it.each([
  ['UTC', Date.UTC(2026, 0, 1), 0],
  ['Asia/Tokyo', Date.UTC(2026, 6, 1), 540],
  ['Asia/Kolkata', Date.UTC(2026, 6, 1), 330],
  ['Europe/Berlin', Date.UTC(2026, 0, 1), 60],
  ['Europe/Berlin', Date.UTC(2026, 6, 1), 120],
  // Summer time begins on 29 March 2026 at 01:00 UTC.
  ['Europe/Berlin', Date.UTC(2026, 2, 29, 0, 59), 60],
  ['Europe/Berlin', Date.UTC(2026, 2, 29, 1, 0), 120],
  ['America/St_Johns', Date.UTC(2026, 0, 1), -210],
])('%s at %i is %i minutes east', (zone, at, minutes) => {
  expect(offsetOf(zone, at)).toBe(minutes)
  expect(offsetOf(zone, at)).toBe(minutes)
})

it.each([
  ['Asia/Tokyo', true],
  ['UTC', true],
  ['Asia/Nowhere', false],
  ['', false],
  ['../etc', false],
  ['__proto__', false],
])('%j is a zone: %s', (zone, is) => {
  expect(isZone(zone)).toBe(is)
})
