import { expect, it } from 'vitest'
import { parseRecord } from '../../collect/normalise/parse-record.ts'
import { offsetOf } from '../../kernel/zone.ts'
import { recordReader } from './submission.ts'

it.each([
  ['2026-11-23T22:00:00Z', 'Jul  1 12:00:00 h app: of summer', '2026-07-01T10:00:00.000Z'],
  ['2026-11-23T22:00:00Z', 'Nov 23 12:00:00 h app: of now', '2026-11-23T11:00:00.000Z'],
  ['2026-07-01T22:00:00Z', 'Jan  9 12:00:00 h app: of winter', '2026-01-09T11:00:00.000Z'],
  ['2026-11-23T22:00:00Z', '2026-07-01T12:00:00+09:00 h app: of a zone of its own', '2026-07-01T03:00:00.000Z'],
  ['2026-03-29T01:10:00Z', 'Mar 29 01:59:59 h app: before the clocks change', '2026-03-29T00:59:59.000Z'],
  ['2026-03-29T01:10:00Z', 'Mar 29 03:00:00 h app: behind it', '2026-03-29T01:00:00.000Z'],
  ['2026-10-25T01:10:00Z', 'Oct 25 01:59:59 h app: before they change back', '2026-10-24T23:59:59.000Z'],
])('received at %s, %s is of the offset at its own time', (now, text, expected) => {
  const read = recordReader(
    {
      scope: 'main',
      source: 's',
      request: '',
      mayRepeat: () => true,
      zoneMinutes: 0,
      parsers: [],
      records: [],
      bytes: 0,
      gaps: 0,
      refused: 0,
    },
    {
      clock: { now: () => Date.parse(now) },
      parse: parseRecord,
      known: { zoneMinutes: (_scope, _source, _configured, at) => offsetOf('Europe/Berlin', at) },
    },
  )
  expect(new Date(read([{ id: '1', text }])[0]!.events[0]!.observed!).toISOString()).toBe(expected)
})
