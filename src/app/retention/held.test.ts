import { expect, test } from 'vitest'
import { matches } from '../../platform/lake/testing/naive-evaluator.ts'
import { testEvent } from '../../platform/testing/lakes.ts'
import { heldQuery } from './held.ts'
import type { HoldsTable } from './tables.ts'

const PLACED = Date.UTC(2026, 10, 22, 9, 30)
const HOUR_MS = 3_600_000
const hold: HoldsTable = {
  ...{ id: 'h', scope: '*', name: 'Case', query: '', begins: null, ends: null, owner: 'C', reason: 'R' },
  ...{ by_id: 'a', by_name: 'Sato', created: PLACED, until: null, released: null, released_by: null },
}

test.each([
  '@timestamp:>now-1d',
  'event.created:[now-1d TO now]',
  '(user.name:alice OR @timestamp:[now-1d TO *]) AND NOT @timestamp:>now',
])('a hold on %s keeps the same events a month later', (query) => {
  const held = heldQuery([{ ...hold, query }])!
  const at = PLACED - HOUR_MS
  const event = testEvent('e', { event: { created: new Date(at).toISOString() } }, { observed: at })
  const late = testEvent('l', { event: { created: new Date(PLACED + HOUR_MS).toISOString() } }, { observed: PLACED + HOUR_MS })
  for (const now of [PLACED, PLACED + 30 * 24 * HOUR_MS]) expect(matches(held, event, at, now)).toBe(true)
  if (query.includes('NOT') || query.includes('TO now'))
    expect(matches(held, late, PLACED + HOUR_MS, PLACED + 48 * HOUR_MS)).toBe(false)
})

test('a word that only looks like a time stays as it is', () => {
  const event = testEvent('e', { user: { name: 'now' } })
  expect(matches(heldQuery([{ ...hold, query: 'user.name:now' }])!, event, 0, PLACED)).toBe(true)
})
