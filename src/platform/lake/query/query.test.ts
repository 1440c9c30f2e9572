import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KanpekiError } from '../../../kernel/error.ts'
import type { Bound, Match, Query, WildcardPiece } from './ast.ts'
import { parseQuery } from './parse.ts'
import { printQuery } from './print.ts'

const word = (text: string, field?: string): Query => ({ kind: 'term', field, match: { kind: 'text', text, quoted: false } })
const phrase = (text: string, field?: string): Query => ({ kind: 'term', field, match: { kind: 'text', text, quoted: true } })
const term = (field: string | undefined, match: Match): Query => ({ kind: 'term', field, match })
const range = (field: string, low?: Bound, high?: Bound) => term(field, { kind: 'range', low, high })
const at = (value: string, inclusive = true): Bound => ({ value, inclusive })

const read: readonly (readonly [string, Query])[] = [
  ['', { kind: 'all' }],
  ['  * ', { kind: 'all' }],
  ['mimikatz', word('mimikatz')],
  ['host.name:web-03', word('web-03', 'host.name')],
  ['host.name:"web 03"', phrase('web 03', 'host.name')],
  ['"say \\"hi\\""', phrase('say "hi"')],
  ['a b', { kind: 'and', parts: [word('a'), word('b')] }],
  ['a AND b && c', { kind: 'and', parts: [word('a'), word('b'), word('c')] }],
  ['a OR b c', { kind: 'or', parts: [word('a'), { kind: 'and', parts: [word('b'), word('c')] }] }],
  ['a || b', { kind: 'or', parts: [word('a'), word('b')] }],
  ['NOT a', { kind: 'not', part: word('a') }],
  [
    '!a -b',
    {
      kind: 'and',
      parts: [
        { kind: 'not', part: word('a') },
        { kind: 'not', part: word('b') },
      ],
    },
  ],
  ['(a OR b) c', { kind: 'and', parts: [{ kind: 'or', parts: [word('a'), word('b')] }, word('c')] }],
  ['ORACLE ANDROID', { kind: 'and', parts: [word('ORACLE'), word('ANDROID')] }],
  ['user.name:(root OR "a b")', { kind: 'or', parts: [word('root', 'user.name'), phrase('a b', 'user.name')] }],
  ['event.code:[4624 TO 4634}', range('event.code', at('4624'), at('4634', false))],
  ['http.response.status_code:>=500', range('http.response.status_code', at('500'))],
  ['size:<10', range('size', undefined, at('10', false))],
  ['size:[* TO 9]', range('size', undefined, at('9'))],
  ['@timestamp:[2026-08-01T10:00:00Z TO now]', range('@timestamp', at('2026-08-01T10:00:00Z'), at('now'))],
  ['source.ip:10.0.0.0/8', word('10.0.0.0/8', 'source.ip')],
  ['url.ip:"10.0.0.1/99"', phrase('10.0.0.1/99', 'url.ip')],
  ['source.ip:fe80::1', word('fe80::1', 'source.ip')],
  ['process.name:*.exe', term('process.name', { kind: 'wildcard', pieces: ['*', { literal: '.exe' }] })],
  ['p\\*w:x', term(undefined, { kind: 'text', text: 'p*w:x', quoted: false })],
  ['a?c**', term(undefined, { kind: 'wildcard', pieces: [{ literal: 'a' }, '?', { literal: 'c' }, '*'] })],
  ['process.name:*', { kind: 'exists', field: 'process.name' }],
  ['_exists_:winlog.event_data.Image', { kind: 'exists', field: 'winlog.event_data.Image' }],
  ['url.path:/adm(in|\\/x)/', term('url.path', { kind: 'regex', source: 'adm(in|/x)' })],
  ['url.path:/admin/login', word('/admin/login', 'url.path')],
  [
    'ｕｓｅｒ．ｎａｍｅ：root　ＡＮＤ　（a　ＯＲ　b）',
    { kind: 'and', parts: [word('root', 'user.name'), { kind: 'or', parts: [word('a'), word('b')] }] },
  ],
  ['message:”完璧　だ”', phrase('完璧　だ', 'message')],
  ['ログイン失敗', word('ログイン失敗')],
  ['user.name:ｒoot', { kind: 'or', parts: [word('root', 'user.name'), word('ｒoot', 'user.name')] }],
  [
    'ａ＊',
    {
      kind: 'or',
      parts: ['a', 'ａ'].map((literal) => term(undefined, { kind: 'wildcard', pieces: [{ literal }, '*'] })),
    },
  ],
  ['－ﾛｸﾞｲﾝ', { kind: 'not', part: { kind: 'or', parts: [word('ﾛｸﾞｲﾝ'), word('ログイン')] } }],
  ['\\ｒoot', word('ｒoot')],
  ['"ｒoot"', phrase('ｒoot')],
  ['+a -b', { kind: 'and', parts: [word('a'), { kind: 'not', part: word('b') }] }],
  ['+81 \\+82 a+b', { kind: 'and', parts: [word('81'), word('+82'), word('a+b')] }],
  ['+(a OR b)', { kind: 'or', parts: [word('a'), word('b')] }],
]

const refused: readonly (readonly [string, number])[] = [
  ['(a', 1],
  ['a)', 2],
  ['a AND', 6],
  ['OR a', 1],
  ['a OR OR b', 6],
  ['x "open', 3],
  ['host.name: web', 11],
  ['size:[1 2]', 9],
  ['size:[1 TO 2', 6],
  ['size:[* TO *]', 6],
  ['size:>', 7],
  ['()', 2],
  ['_exists_:"a b"', 10],
  ['@timestamp:[yesterday TO now]', 12],
  ['a @timestamp:2026-13', 14],
  ['@timestamp:2026*', 12],
  ['source.ip:198.51.100.0/99', 11],
  ['NOT ip:(10.0.0.0/8 OR 2001:db8::/200)', 23],
  [`${'('.repeat(200)}a`, 61],
  ['a'.repeat(10_001), 10_001],
]

describe('parseQuery', () => {
  test.each(read)('reads %s', (text, query) => expect(parseQuery(text)).toEqual(query))

  test.each(refused)('refuses %s at column %i, saying what to do', (text, column) => {
    const error = (() => {
      try {
        return parseQuery(text)
      } catch (reason) {
        return reason
      }
    })()
    expect(error).toBeInstanceOf(KanpekiError)
    expect(error).toMatchObject({ code: expect.stringMatching(/^query_/), place: { column } })
    expect((error as KanpekiError).remedy).not.toBe('')
  })

  test(`${read.length} texts were read and ${refused.length} refused`, () =>
    expect(Math.min(read.length, refused.length)).toBeGreaterThan(10))

  test('never fails otherwise, whatever is typed', () => {
    const typed = fc.array(fc.constantFrom(...'ab.:*?"/\\()[]{}<>=!-|& '.split(''), 'AND', 'OR', 'TO', '：', '　', '完'), {
      maxLength: 30,
    })
    fc.assert(
      fc.property(typed, (parts) => {
        try {
          parseQuery(parts.join(''))
        } catch (error) {
          if (!(error instanceof KanpekiError)) throw error
        }
      }),
      { numRuns: 3000 },
    )
  })
})

const fieldName = fc.stringMatching(/^[a-zA-Z_@][a-zA-Z0-9_.@-]{0,8}$/).filter((name) => name !== '_exists_')
const plain = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
  fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom(...'ａＺ９＊：　ﾛｸﾞ”ア a+/'.split('')) }),
)
const anyText = fc.string({ maxLength: 12, unit: 'grapheme' })
const boundary = fc.record({ value: anyText, inclusive: fc.boolean() })

const pieces = fc
  .array(
    fc.oneof(
      fc.constant<WildcardPiece>('*'),
      fc.constant<WildcardPiece>('?'),
      plain.map((literal): WildcardPiece => ({ literal })),
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((list) =>
    list.filter((piece, n) => n === 0 || typeof piece !== typeof list[n - 1] || (piece === '?' && typeof piece === 'string')),
  )
  .filter((list) => list.some((piece) => typeof piece === 'string') && !(list.length === 1 && list[0] === '*'))
  .filter((list) => list.every((piece, n) => typeof piece === 'string' || typeof list[n - 1] !== 'object'))

const match: fc.Arbitrary<Match> = fc.oneof(
  plain.map((text): Match => ({ kind: 'text', text, quoted: false })),
  anyText.map((text): Match => ({ kind: 'text', text, quoted: true })),
  pieces.map((list): Match => ({ kind: 'wildcard', pieces: list })),
  fc.stringMatching(/^[a-z(.*|)^$+ ]{1,10}$/).map((source): Match => ({ kind: 'regex', source })),
)
const ranged: fc.Arbitrary<Match> = fc.oneof(
  fc.record({ kind: fc.constant('range' as const), low: boundary, high: fc.option(boundary, { nil: undefined }) }),
  fc.record({ kind: fc.constant('range' as const), low: fc.constant(undefined), high: boundary }),
)

const query = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 4 },
    fc.constant<Query>({ kind: 'all' }),
    fc.record({ kind: fc.constant('exists' as const), field: fieldName }),
    fc.record({ kind: fc.constant('term' as const), field: fc.option(fieldName, { nil: undefined }), match }),
    fc.record({ kind: fc.constant('term' as const), field: fieldName, match: ranged }),
    fc.record({ kind: fc.constant('not' as const), part: tie('query') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('query'), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).query

test('parsing what was printed gives the same query', () => {
  fc.assert(
    fc.property(query, (tree) => {
      expect(parseQuery(printQuery(tree))).toEqual(tree)
    }),
    { numRuns: 2000 },
  )
})
