import { expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import { enveloped, type Words } from './envelope.ts'
import { instantOf } from './instant.ts'

const CASES: readonly (readonly [name: string, event: JsonValue, words: Words, doc: JsonObject])[] = [
  ['a text is the message', 'hi', { 'host.name': 'a', x: undefined, y: '' }, { message: 'hi', 'host.name': 'a' }],
  ['a document as text is the document', ' {"a":1}', { b: 2 }, { a: 1, b: 2 }],
  ['broken JSON is a text', '{"a":', {}, { message: '{"a":' }],
  ['a list is a text', [1], {}, { message: '[1]' }],
  [
    'the event’s own word wins',
    { host: { name: 'mine' } },
    { 'host.name': 'yours' },
    { host: { name: 'mine' }, envelope: { 'host.name': 'yours' } },
  ],
  ['the same word is said once', { 'host.name': 'a' }, { 'host.name': 'a' }, { 'host.name': 'a' }],
  ['a bare value blocks', { host: 'mine' }, { 'host.name': 'yours' }, { host: 'mine', envelope: { 'host.name': 'yours' } }],
  ['beside a member of the set', { host: { ip: '::1' } }, { 'host.name': 'a' }, { host: { ip: '::1' }, 'host.name': 'a' }],
]

test.each(CASES)('%s', (_name, event, words, doc) => {
  expect(enveloped(event, words)).toEqual(doc)
})

test('epochs in any unit, and what is none', () => {
  const at = '2026-01-02T03:04:05.678Z'
  for (const epoch of [1767323045.678, '1767323045.678', 1767323045678, '1767323045678000', '1767323045678901234'])
    expect(instantOf(epoch)).toBe(at)
  for (const none of [0, '0', '', 'now', null, -5, Number.NaN, '1e9', '99999999999999999999', Number.POSITIVE_INFINITY])
    expect([none, instantOf(none)]).toEqual([none, none === '99999999999999999999' ? '5138-11-16T09:46:40.000Z' : undefined])
})
