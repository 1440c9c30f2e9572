import { expect, it } from 'vitest'
import { fieldsOf, flatten, gistOf } from './document.ts'
import { completions, narrowed, searchCommand, term, wordAt } from './query-text.ts'
import { addressOf } from './saved-address.ts'
import { aroundWindow, resolveWindow, widened } from './window.ts'

it.each([
  ['', 'host.name', 'web-03', false, 'host.name:web-03'],
  ['sshd', 'user.name', 'sato k', false, 'sshd AND user.name:"sato k"'],
  ['a OR b', 'x', 'y', true, '(a OR b) AND NOT x:y'],
  ['"a OR b"', 'x', 'y', false, '"a OR b" AND x:y'],
  ['(a OR b)', 'x', 'y', false, '(a OR b) AND x:y'],
  ['x:y', 'x', 'y', false, 'x:y'],
  ['q AND x:y', 'x', 'y', false, 'q AND x:y'],
])('narrows %j by %s:%s', (query, field, value, not, expected) => {
  expect(narrowed(query, field, value, not)).toBe(expected)
})

it('quotes what the language would read as something else', () => {
  expect(term('p', 'C:\\x "y"')).toBe('p:"C:\\\\x \\"y\\""')
  expect(term('p', 'OR')).toBe('p:"OR"')
  expect(term('p', '203.0.113.9')).toBe('p:203.0.113.9')
})

it('completes the field under the cursor', () => {
  expect(wordAt('a AND host.na', 13)).toEqual({ from: 6, word: 'host.na' })
  expect(wordAt('host.name:we', 12)).toBeUndefined()
  expect(completions(['host.name', 'user.name', 'process.name'], 'na', 5)).toEqual(['host.name', 'user.name', 'process.name'])
  expect(completions(['host.name', 'user.name'], 'us', 5)).toEqual(['user.name'])
})

it('resolves a window from its address', () => {
  const now = Date.UTC(2026, 10, 22, 5)
  expect(resolveWindow({ from: '2026-11-22T01:00:00Z', to: '2026-11-22T02:00:00Z' }, now)).toEqual({
    from: '2026-11-22T01:00:00.000Z',
    to: '2026-11-22T02:00:00.000Z',
  })
  const hour = resolveWindow({ span: '1h', from: 'nonsense' }, now)
  expect(Date.parse(hour.to)).toBeGreaterThan(now)
  expect(Date.parse(hour.from)).toBeLessThan(now - 3_599_000)
  const wide = widened({ from: '2026-11-22T01:00:00.000Z', to: '2026-11-22T02:00:00.000Z' }, now)
  expect(wide).toEqual({ from: '2026-11-22T00:00:00.000Z', to: '2026-11-22T03:00:00.000Z' })
})

it('reads an event as one line and as rows', () => {
  const doc = {
    '@timestamp': 't',
    event: { action: 'ssh_login', outcome: 'failure' },
    host: { name: 'ops-02' },
    tags: ['a', 'b'],
    source: { ip: '198.51.100.24' },
  }
  expect(gistOf(doc, 'linux-auth')).toEqual({ what: 'ssh_login ✕', host: 'ops-02', detail: '198.51.100.24' })
  const request = {
    http: { request: { method: 'GET' }, response: { status_code: 404 } },
    url: { original: '/a?b=1', path: '/a' },
    process: { name: 'nginx' },
    source: { ip: '192.0.2.1' },
  }
  expect(gistOf(request, 'access')).toEqual({ what: 'GET', host: '', detail: '/a?b=1  ·  404  ·  192.0.2.1' })
  expect(gistOf({ message: 'garbled' }, 'unknown')).toEqual({ what: 'unknown', host: '', detail: 'garbled' })
  expect(flatten(doc).map(([path]) => path)).toEqual([
    '@timestamp',
    'event.action',
    'event.outcome',
    'host.name',
    'source.ip',
    'tags',
    'tags',
  ])
  expect(fieldsOf([doc])).toEqual({
    known: ['event.action', 'event.outcome', 'host.name', 'source.ip', 'kanpeki.source', 'kanpeki.parser'],
    other: ['tags'],
  })
})

it('opens a saved search where it looked', () => {
  const nothing = { query: '', span: null, from: null, to: null }
  expect(addressOf(nothing)).toEqual({})
  expect(addressOf({ ...nothing, query: 'a OR b', span: '7d' })).toEqual({ q: 'a OR b', span: '7d' })
  expect(addressOf({ ...nothing, span: '99y' })).toEqual({})
  const ends = { from: '2026-11-22T01:00:00.000Z', to: '2026-11-22T02:00:00.000Z' }
  expect(addressOf({ ...nothing, ...ends, span: '7d' })).toEqual(ends)
})

it('puts a query on a command line as it is', () => {
  const window = { from: '2026-11-22T01:00:00.000Z', to: '2026-11-22T02:00:00.000Z' }
  expect(searchCommand('user.name:o\'brien AND "$HOME"', window)).toContain(`'user.name:o'\\''brien AND "$HOME"' --from 2026`)
  expect(searchCommand('', window)).toContain("search '*' ")
})

it('looks around a moment, its own end included', () => {
  expect(aroundWindow(Date.UTC(2026, 10, 22), 5)).toEqual({ from: '2026-11-21T23:59:55.000Z', to: '2026-11-22T00:00:05.001Z' })
})
