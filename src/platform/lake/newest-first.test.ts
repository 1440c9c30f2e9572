import fc from 'fast-check'
import { expect, it } from 'vitest'
import { spansBack } from './newest-first.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 10, 23)

it.each([
  ['all time', {}, undefined, [{ from: NOW - HOUR }, { from: NOW - 16 * HOUR, to: NOW - HOUR }, { to: NOW - 16 * HOUR }]],
  ['the oldest first', { order: 'oldest' }, undefined, [{}]],
  ['half an hour', { range: { from: NOW - HOUR / 2, to: NOW } }, undefined, [{}]],
  ['two hours', { range: { from: NOW - 2 * HOUR, to: NOW } }, undefined, [{ from: NOW - HOUR }, { to: NOW - HOUR }]],
  [
    'an hour by the time of receipt, whatever its events say of themselves',
    { range: { from: NOW - HOUR, to: NOW, by: 'received' } },
    undefined,
    [{ from: NOW - HOUR }, { from: NOW - 16 * HOUR, to: NOW - HOUR }, { to: NOW - 16 * HOUR }],
  ],
  [
    'a later page',
    {},
    { observed: NOW - 30 * HOUR },
    [{ from: NOW - 31 * HOUR }, { from: NOW - 46 * HOUR, to: NOW - 31 * HOUR }, { to: NOW - 46 * HOUR }],
  ],
] as const)('%s', (_, request, after, spans) => {
  expect(spansBack(request, after, NOW)).toEqual(spans)
})

it('leaves no moment out and asks of none twice', () => {
  const times = fc.integer({ min: NOW - 100 * HOUR, max: NOW + 100 * HOUR })
  fc.assert(
    fc.property(times, times, fc.option(times, { nil: undefined }), fc.boolean(), (one, other, page, ranged) => {
      const range = ranged ? { range: { from: Math.min(one, other), to: Math.max(one, other) } } : {}
      const spans = spansBack(range, page === undefined ? undefined : { observed: page }, NOW)
      const [first, last] = [spans[0]!, spans.at(-1)!]
      expect([first.to, last.from]).toEqual([undefined, undefined])
      for (const [at, { from }] of spans.slice(0, -1).entries()) expect(spans[at + 1]!.to).toBe(from)
    }),
  )
})
