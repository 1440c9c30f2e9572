import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseWeek, WEEK_MS, weekOf } from './week.ts'

const JST = 540

it.each([
  // ISO 8601: the week with the year's first Thursday is the first.
  ['2026-11-22T11:30:00Z', 0, '2026-W47', '2026-11-16T00:00:00.000Z'],
  ['2026-11-22T14:59:59Z', JST, '2026-W47', '2026-11-15T15:00:00.000Z'],
  ['2026-11-22T15:00:00Z', JST, '2026-W48', '2026-11-22T15:00:00.000Z'],
  ['2026-01-01T00:00:00Z', 0, '2026-W01', '2025-12-29T00:00:00.000Z'],
  ['2027-01-03T23:00:00Z', 0, '2026-W53', '2026-12-28T00:00:00.000Z'],
  ['2021-01-01T00:00:00Z', 0, '2020-W53', '2020-12-28T00:00:00.000Z'],
  ['1969-12-31T00:00:00Z', 0, '1970-W01', '1969-12-29T00:00:00.000Z'],
])('%s, %i minutes east, lies in %s', (at, minutes, id, from) => {
  const week = weekOf(Date.parse(at), minutes)
  expect({ id: week.id, from: new Date(week.from).toISOString() }).toEqual({ id, from })
  expect(parseWeek(id, minutes)).toEqual(week)
})

it.each(['2025-W53', '2026-W00', '2026-W54', '2026-47', 'W47', ''])('knows no week %j', (id) => {
  expect(parseWeek(id, 0)).toBeUndefined()
})

it('puts every moment into one week, which its name gives back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -2e12, max: 4e12 }), fc.integer({ min: -720, max: 840 }), (at, minutes) => {
      const week = weekOf(at, minutes)
      expect(week.from <= at && at < week.to && week.to - week.from === WEEK_MS).toBe(true)
      expect(parseWeek(week.id, minutes)).toEqual(week)
    }),
  )
})
