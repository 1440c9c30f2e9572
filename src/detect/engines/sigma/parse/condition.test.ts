import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../../kernel/json.ts'
import { loadDetection, matches } from '../testing/rules.ts'

const selections = `
sel_a:
  a: 1
sel_b:
  b: 1
other:
  c: 1
_hidden:
  d: 1
`.trim()

const doc = (keys: string): JsonObject => Object.fromEntries([...keys].map((key) => [key, 1]))

/** Condition → events (letters are fields that hold) → result. */
const cases: readonly (readonly [string, Readonly<Record<string, boolean>>])[] = [
  ['sel_a', { a: true, b: false }],
  ['not sel_a', { a: false, b: true }],
  ['sel_a and sel_b', { ab: true, a: false }],
  ['sel_a or sel_b', { a: true, b: true, c: false }],
  ['sel_a or sel_b and other', { a: true, bc: true, b: false, c: false }],
  ['(sel_a or sel_b) and other', { a: false, ac: true, bc: true }],
  ['not sel_a and sel_b', { b: true, ab: false, '': false }],
  ['not (sel_a and sel_b)', { ab: false, a: true, '': true }],
  ['not not sel_a', { a: true, b: false }],
  ['sel_a and not sel_b or other', { a: true, ab: false, abc: true }],
  ['1 of sel_*', { a: true, b: true, c: false }],
  ['any of sel_*', { a: true, c: false }],
  ['all of sel_*', { ab: true, a: false }],
  ['2 of sel*', { ab: true, b: false }],
  ['2 of them', { ab: true, ac: true, bc: true, c: false, ad: false }],
  ['1 of them', { a: true, d: false }],
  ['all of them', { abc: true, ab: false }],
  ['1 of _*', { d: true, a: false }],
  ['1 of *_a', { a: true, b: false }],
  ['not 1 of sel_*', { c: true, a: false }],
  ['sel_a and 1 of *r', { ac: true, a: false, c: false }],
  ['sel_a AND sel_b', { ab: true, a: false }],
  ['((((sel_a))))', { a: true }],
]

describe('conditions', () => {
  const table = cases.flatMap(([condition, events]) =>
    Object.entries(events).map(([keys, expected]) => ({ condition, keys, expected })),
  )
  test(`has ${table.length} cases`, () => expect(table.length).toBeGreaterThan(40))
  test.each(table)('$condition on {$keys} is $expected', ({ condition, keys, expected }) => {
    expect(matches(`${selections}\ncondition: ${condition}`, doc(keys))).toBe(expected)
  })

  test('a list of conditions is an OR', () => {
    const detection = `${selections}\ncondition:\n  - sel_a\n  - sel_b and other`
    expect(['a', 'bc', 'b', 'c'].map((keys) => matches(detection, doc(keys)))).toEqual([true, true, false, false])
  })

  test('selections may bear the names of operators', () => {
    const detection = 'and:\n  a: 1\nnot:\n  b: 1\ncondition: and and not'
    expect([matches(detection, doc('ab')), matches(detection, doc('a'))]).toEqual([true, false])
  })
})

describe('conditions that are refused', () => {
  const faults: readonly (readonly [string, string])[] = [
    ['missing', 'condition-selection'],
    ['SEL_A', 'condition-selection'],
    ['1 of nothing*', 'condition-selection'],
    ['3 of sel_*', 'condition-selection'],
    ['sel_a and', 'condition-syntax'],
    ['(sel_a', 'condition-syntax'],
    ['sel_a)', 'condition-syntax'],
    ['sel_a sel_b', 'condition-syntax'],
    ['0 of sel_*', 'condition-syntax'],
    ['some of sel_*', 'condition-syntax'],
    ['1 of', 'condition-syntax'],
    ['()', 'condition-syntax'],
    ['', 'condition-syntax'],
    ['sel_a | count() by b > 5', 'condition-aggregation'],
    [`${'('.repeat(5000)}sel_a${')'.repeat(5000)}`, 'condition-depth'],
    [`${'not '.repeat(5000)}sel_a`, 'condition-depth'],
  ]
  test.each(faults)('%s', (condition, code) => {
    const { rules, refused } = loadDetection(`${selections}\ncondition: '${condition}'`)
    expect(rules).toEqual([])
    expect(refused.map((each) => [each.code, each.line])).toEqual([[code, 14]])
  })

  test('a hostile pattern of names takes no time', () => {
    const { refused } = loadDetection(`${'a'.repeat(5000)}:\n  x: 1\ncondition: 1 of ${'*a'.repeat(2000)}*b`)
    expect(refused[0]?.code).toBe('condition-selection')
  })
})
