import { expect, it } from 'vitest'
import type { QueueGroup } from '../../../src/detect/schema.ts'
import { numbered, readCondition } from './conditions.ts'
import { gravest, sectionOf, splitNews, verdictTargets } from './groups.ts'
import { markMatches } from './marks.ts'
import { layOut, shorten, threadPath } from './timeline-layout.ts'

const group = (id: string, raisedAt: string, alerts: readonly object[] = []): QueueGroup =>
  ({ id, raisedAt, alerts, severity: 2, lastObserved: raisedAt }) as unknown as QueueGroup

it('holds new groups back while the list is scrolled, and lets older pages in', () => {
  const old = group('old', '2026-11-22T01:00:00.000Z')
  const seen = group('seen', '2026-11-22T02:00:00.000Z')
  const fresh = group('fresh', '2026-11-22T03:00:00.000Z')
  const all = [fresh, seen, old]
  expect(splitNews(all, new Set(['seen']), false)).toEqual({ shown: [seen, old], news: 1 })
  expect(splitNews(all, new Set(['seen']), true)).toEqual({ shown: all, news: 0 })
  expect(splitNews(all, new Set(), false)).toEqual({ shown: all, news: 0 })
})

it('puts P1 and P2 first and the rest by day of the zone', () => {
  const now = Date.parse('2026-11-22T01:00:00.000Z')
  expect(sectionOf({ severity: 2, raisedAt: '2026-11-01T00:00:00.000Z' }, now, 'UTC')).toBe('first')
  expect(sectionOf({ severity: 3, raisedAt: '2026-11-21T20:00:00.000Z' }, now, 'Asia/Tokyo')).toBe('today')
  expect(sectionOf({ severity: 3, raisedAt: '2026-11-21T20:00:00.000Z' }, now, 'UTC')).toBe('earlier')
})

it('opens a group at its gravest, newest alert, and judges its open ones', () => {
  const alerts = [
    { id: 'a', severity: 3, lastObserved: '2', state: 'open' },
    { id: 'b', severity: 1, lastObserved: '1', state: 'closed' },
    { id: 'c', severity: 1, lastObserved: '3', state: 'open' },
  ]
  const one = group('g', '2026-11-22T01:00:00.000Z', alerts)
  expect(gravest(one)?.id).toBe('c')
  expect(verdictTargets(one, undefined, new Set())).toEqual(['a', 'c'])
  expect(verdictTargets(one, undefined, new Set(['a']))).toEqual(['a'])
})

it.each([
  ['php-fpm8.2', ['starts with "php-fpm"'], '[php-fpm]8.2'],
  ['sh', ['Image: sh'], '[sh]'],
  ['C:\\Windows\\CMD.exe', ['Image|endswith: \\cmd.exe'], 'C:\\Windows[\\CMD.exe]'],
  ['cmd /c x', ['CommandLine|startswith: cmd'], '[cmd] /c x'],
  ['a curl b id', ['CommandLine|contains|all: curl', 'CommandLine|contains|all: id'], 'a [curl] b [id]'],
  ['abcdef', ['F|contains: abc', 'F|contains: cde'], '[abcde]f'],
  ['aaa', ['F|re: (a+)+$'], '[aaa]'],
  ['plain', [], 'plain'],
])('marks in %s what %j saw', (value, texts, marked) => {
  const parts = markMatches(value, numbered(texts.map((text) => ({ text, fields: ['f'] }))))
  expect(parts.map((part) => (part.mark ? `[${part.text}]` : part.text)).join('')).toBe(marked)
})

it('reads Sigma items, keeps other sentences, and asks nothing twice', () => {
  expect(readCondition('CommandLine|re: ^a: b$')).toEqual({ field: 'CommandLine', how: 're', value: '^a: b$' })
  expect(readCondition('EventID: 4719')).toEqual({ field: 'EventID', how: 'is', value: '4719' })
  expect(readCondition('F|base64offset|contains: x')).toEqual({ field: 'F', how: 'contains', value: 'x' })
  expect(readCondition('F|fieldref: other')).toBeUndefined()
  expect(readCondition('five failures within a minute')).toBeUndefined()
  const twice = { text: 'GrantedAccess: 0x40', fields: ['f'] }
  expect(numbered([twice, { text: 'other', fields: [] }, twice])).toHaveLength(2)
})

it('lays events on the lanes they use, letters those that fired, merges neighbours', () => {
  const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 22, 5, 0, seconds)).toISOString()
  const event = (id: string, seconds: number, lane: 'web' | 'process') => ({
    id,
    observed: at(seconds),
    source: 's',
    lane,
    summary: id,
  })
  const events = [event('x', 5, 'web'), event('a', 10, 'web'), event('b', 60, 'process'), event('c', 61, 'process')]
  const layout = layOut(events, Date.parse(at(0)), Date.parse(at(120)), new Set(['a', 'b', 'c']))
  expect(layout.lanes.map(({ lane }) => lane)).toEqual(['web', 'process'])
  expect(layout.ticks).toHaveLength(1)
  expect(layout.dots.map((dot) => [dot.letter, dot.event.id, dot.more])).toEqual([
    ['a', 'a', 0],
    ['b', 'b', 1],
  ])
  expect(layout.grid.length).toBeGreaterThan(3)
  expect(threadPath(layout.dots)).toMatch(/^M[\d.]+ 40C/)
  expect(shorten('日本語の長い要約', 4)).toBe('日本語…')
})
