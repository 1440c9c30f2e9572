import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sayAction } from './action-words.ts'
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

it('has words for every action that the audit has a sentence for', () => {
  // These are no changes of the house, or come with words of their own.
  const apart = ['card', 'alert', 'reads', 'run']
  const file = new URL('../../../web/i18n/en/audit.json', import.meta.url)
  const audit = JSON.parse(readFileSync(file, 'utf8')) as { readonly action: Readonly<Record<string, object>> }
  const actions = Object.entries(audit.action).flatMap(([noun, verbs]) =>
    apart.includes(noun) ? [] : Object.keys(verbs).map((verb) => `${noun}.${verb}`),
  )
  expect(actions.length).toBeGreaterThan(60)
  const signIns = ['session.success', 'session.failure', 'session.pending']
  expect(actions.filter((action) => sayAction(action).ja === action && !signIns.includes(action))).toEqual([])
})
