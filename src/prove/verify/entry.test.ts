import { expect, test } from 'vitest'
import { encodeEntry } from '../entry-text.ts'
import { entryOf } from '../testing/entries-data.ts'
import { utf8 } from './bytes.ts'
import { parseEntry, parseSegmentBody, subjectsOf } from './entry.ts'

const good = new TextDecoder().decode(encodeEntry(entryOf(7, { id: 'x', 名: '値' })))

test('an entry that was written reads back', () => {
  expect(parseEntry(utf8(good))).toEqual(entryOf(7, { id: 'x', 名: '値' }))
})

const BAD: readonly (readonly [string, string])[] = [
  ['not JSON', good.slice(1)],
  ['an array', '[]'],
  ['space inside', good.replace('{"body"', '{ "body"')],
  ['members in another order', '{"v":1,"body":{},"logged":"","observed":"","outbox":1,"received":"","scope":"","type":""}'],
  ['a further member', good.replace(',"v":1', ',"v":1,"w":1')],
  ['a repeated member', good.replace(',"v":1', ',"v":1,"v":1')],
  ['another version', good.replace('"v":1', '"v":2')],
  ['no scope', good.replace('"scope":"default"', '"scope":""')],
  ['an outbox of 0', good.replace('"outbox":7', '"outbox":0')],
  ['a time without milliseconds', good.replace(/"logged":"([^"]*)\.\d{3}Z"/, '"logged":"$1Z"')],
  ['a day that is none', good.replace(/"logged":"2026-03-01/, '"logged":"2026-13-01')],
  ['a number beyond all numbers', good.replace('"body":{', '"body":{"a":1e999,')],
  ['more depth than there is stack', good.replace('"body":{', `"body":{"a":${'['.repeat(1e5)}${']'.repeat(1e5)},`)],
  ['a type with capitals', good.replace('"type":"admin"', '"type":"Admin"')],
]
test.each(BAD)('%s is refused with a reason', (_what, text) => {
  expect(text).not.toBe(good)
  expect(parseEntry(utf8(text))).toBeTypeOf('string')
})
test('invalid UTF-8 is refused', () => {
  expect(parseEntry(Uint8Array.of(0xc3, 0x28))).toBe('the entry is not UTF-8')
})

test.each([
  ['alert', { alert: 'a', rule: 'r', events: ['e'] }, ['alert:a', 'rule:r']],
  ['alert', { alerts: [{ alert: 'a', count: 2 }, { alert: 'b' }, 'c', 4] }, ['alert:a', 'alert:b', 'alert:c']],
  ['card', { id: 'c', card: 'c' }, ['card:c']],
  ['measure', { card: 'c', measure: 'm' }, ['card:c', 'measure:m']],
  ['batch', { writer: 'w', sequence: 4, events: 1, root: '00'.repeat(32) }, ['batch:w/4']],
  ['batch', { writer: 'w', id: 'no' }, []],
  ['segment', { file: 'segments/a' }, ['segment:segments/a']],
  ['admin', { user: '', alert: 'x'.repeat(501), source: 's' }, ['source:s']],
] as const)('%s %j is about %j', (type, body, expected) => {
  expect(subjectsOf({ type, body }).map(({ kind, id }) => `${kind}:${id}`)).toEqual(expected)
})

test.each(['../outside', '/etc/passwd', 'a/../../b', 'a\\b', '', 'a//b', './a'])('a segment at %j is refused', (file) => {
  expect(parseSegmentBody({ file, dropped: 'x' })).toBeUndefined()
})
