import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { parseActions } from './actions.ts'
import { parseMacro } from './macro.ts'
import { parseOperator } from './operator-use.ts'
import { parseTargets, type Target } from './targets.ts'
import { rulesOf } from './testing/transact.ts'
import { readStatements, splitWords } from './words.ts'

describe('statements', () => {
  test('lines are joined, comments left out, and the first line counts', () => {
    const read = readStatements('# one\nSecRule ARGS \\\n  "@rx a b" \\\r\n  "id:1"\n\n  # two\nSecAction "id:2"', 'f')
    expect(read).toEqual([
      { file: 'f', line: 2, words: ['SecRule', 'ARGS', '@rx a b', 'id:1'] },
      { file: 'f', line: 7, words: ['SecAction', 'id:2'] },
    ])
  })

  test('words come back from quotes', () => {
    const word = fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '|', ',', ':') })
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        expect(splitWords(words.map((each) => `"${each.replaceAll('"', '\\"')}"`).join(' '))).toEqual(words)
      }),
    )
  })

  test('a backslash stays where it keeps no quote', () => {
    expect(splitWords('"a\\d\\"\\\\"')).toEqual(['a\\d"\\\\'])
  })
})

describe('targets', () => {
  test.each<[string, readonly Target[]]>([
    ['ARGS', [{ variable: 'ARGS', counted: false, excluded: false }]],
    ['&tx:A', [{ variable: 'TX', selector: { kind: 'key', key: 'a' }, counted: true, excluded: false }]],
    [
      'ARGS|!ARGS:/a|b\\/c/',
      [
        { variable: 'ARGS', counted: false, excluded: false },
        { variable: 'ARGS', selector: { kind: 'pattern', pattern: 'a|b/c' }, counted: false, excluded: true },
      ],
    ],
    [
      "XML://@*|ARGS:'/x y/'",
      [
        { variable: 'XML', selector: { kind: 'path', path: '//@*' }, counted: false, excluded: false },
        { variable: 'ARGS', selector: { kind: 'pattern', pattern: 'x y' }, counted: false, excluded: false },
      ],
    ],
  ])('%s', (text, expected) => expect(parseTargets(text)).toEqual(expected))

  test('come back as they were written', () => {
    const name = fc.constantFrom('ARGS', 'TX', 'REQUEST_HEADERS')
    const key = fc.stringMatching(/^[a-z_.-]{1,10}$/)
    const target = fc.record({ sign: fc.constantFrom('', '!', '&'), name, key: fc.option(key, { nil: undefined }) })
    fc.assert(
      fc.property(fc.array(target, { minLength: 1, maxLength: 6 }), (targets) => {
        const text = targets.map((each) => `${each.sign}${each.name}${each.key === undefined ? '' : `:${each.key}`}`).join('|')
        expect(parseTargets(text)).toEqual(
          targets.map((each) => ({
            variable: each.name,
            ...(each.key === undefined ? {} : { selector: { kind: 'key', key: each.key } }),
            counted: each.sign === '&',
            excluded: each.sign === '!',
          })),
        )
      }),
    )
  })
})

describe('actions', () => {
  test('come back as they were written', () => {
    const value = fc.string({ unit: fc.constantFrom('a', ',', ' ', "'", ':', '=') }).filter((text) => text !== '')
    const action = fc.record({ name: fc.constantFrom('msg', 'setvar', 'tag'), value })
    fc.assert(
      fc.property(fc.array(action), (actions) => {
        const text = actions.map(({ name, value: each }) => `${name}:'${each.replaceAll("'", "\\'")}'`).join(',')
        expect(parseActions(text)).toEqual(actions)
      }),
    )
  })

  test('an open quote is refused', () => expect(() => parseActions("msg:'a")).toThrow(KanpekiError))
})

test('operators', () => {
  expect(parseOperator('!@within a b')).toEqual({ negated: true, name: 'within', argument: 'a b' })
  expect(parseOperator('^a@b')).toEqual({ negated: false, name: 'rx', argument: '^a@b' })
  expect(parseOperator('@detectSQLi')).toEqual({ negated: false, name: 'detectsqli', argument: '' })
})

test('macros', () => {
  expect(parseMacro('no macro')).toBe('no macro')
  expect(parseMacro('a%{TX.B}c')).toEqual({ parts: ['a', { variable: 'TX', key: 'b' }, 'c'] })
})

test('any text either loads or is refused with its line', () => {
  const piece = fc.constantFrom(
    'SecRule ',
    'SecAction ',
    'ARGS',
    '|',
    ':/',
    '"',
    '@rx ',
    'id:1',
    ',',
    "'",
    '\\',
    '\n',
    'chain',
    'setvar:',
    '(',
    'ctl:',
    'tx.a=',
  )
  let refusals = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
      const { refused } = rulesOf(pieces.join(''))
      refusals += refused.length
      for (const { line, reason } of refused) {
        expect(line).toBeGreaterThan(0)
        expect(reason).not.toBe('')
      }
    }),
    { numRuns: 200 },
  )
  expect(refusals).toBeGreaterThan(20)
})
