import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../../kernel/json.ts'
import { loadRuleTexts } from '../load/load.ts'
import { compileSigma } from '../match/program.ts'
import { loadDetection, matches } from '../testing/rules.ts'

const cases: readonly (readonly [name: string, detection: string, yes: readonly JsonObject[], no: readonly JsonObject[]])[] = [
  ['a map is an AND', 'sel:\n  a: 1\n  b: 2\ncondition: sel', [{ a: 1, b: 2 }], [{ a: 1 }, { b: 2 }]],
  ['a list of maps is an OR', 'sel:\n  - a: 1\n  - b: 2\ncondition: sel', [{ a: 1 }, { b: 2 }], [{ c: 1 }]],
  ['one map of a list is an AND', 'sel:\n  - a: 1\n    b: 2\n  - c: 3\ncondition: sel', [{ a: 1, b: 2 }, { c: 3 }], [{ a: 1 }]],
  [
    'keywords search every value',
    'sel:\n  - evil\n  - bad*thing\ncondition: sel',
    [{ a: 'an EVIL b' }, { a: { b: ['x', 'evil'] } }, { x: 'a bad old thing b' }],
    [{ evil: 'x' }, { a: 'thing bad' }],
  ],
  ['a single keyword', 'sel: evil\ncondition: sel', [{ a: 'evil' }], [{ a: 'good' }]],
  ['numbers as keywords', 'sel:\n  - 4242\ncondition: sel', [{ a: 4242 }, { a: 'x 14242 y' }], [{ a: 424 }]],
  [
    "'|all' asks for all keywords",
    "sel:\n  '|all':\n    - one\n    - two\ncondition: sel",
    [{ a: 'one', b: 'two' }, { a: 'two one' }],
    [{ a: 'one' }],
  ],
  ["'|re' searches by pattern", "sel:\n  '|re': 'e[vw]il'\ncondition: sel", [{ a: 'an ewil' }], [{ a: 'EVIL' }]],
  ['keywords and maps in one list', 'sel:\n  - evil\n  - a: 1\ncondition: sel', [{ b: 'evil' }, { a: 1 }], [{ a: 2 }]],
  ['keywords beside a field', 'sel:\n  a: 1\nkw:\n  - evil\ncondition: sel and not kw', [{ a: 1 }], [{ a: 1, b: 'evil' }, {}]],
  [
    'dotted fields are nested',
    'sel:\n  a.b.c: x\ncondition: sel',
    [{ a: { b: { c: 'x' } } }, { 'a.b.c': 'x' }, { a: { b: [{ c: 'y' }, { c: 'x' }] } }],
    [{ a: { b: 'x' } }],
  ],
  [
    'fields may hold spaces',
    'sel:\n  "Threat Name|contains": x\ncondition: sel',
    [{ 'Threat Name': 'xx' }],
    [{ ThreatName: 'xx' }],
  ],
]

describe('selections', () => {
  const table = cases.flatMap(([name, detection, yes, no]) => [
    ...yes.map((doc) => ({ name, detection, doc, expected: true })),
    ...no.map((doc) => ({ name, detection, doc, expected: false })),
  ])
  test(`has ${table.length} cases`, () => expect(table.length).toBeGreaterThan(25))
  test.each(table)('$name: $doc is $expected', ({ detection, doc, expected }) => {
    expect(matches(detection, doc)).toBe(expected)
  })

  test.each([
    ['sel: {}\ncondition: sel', 'selection-empty'],
    ['sel: []\ncondition: sel', 'selection-empty'],
    ["sel: ['']\ncondition: sel", 'keyword-empty'],
    ["sel:\n  '|exists': true\ncondition: sel", 'keyword-modifier'],
    ['sel:\n  a: 1', 'condition-missing'],
    ['sel:\n  a: 1\ncondition: []', 'condition-missing'],
    ['sel:\n  a: 1\ncondition: [1]', 'condition-syntax'],
    ['sel:\n  - [a, b]\ncondition: sel', 'value-type'],
  ])('%j is refused', (detection, code) => {
    expect(loadDetection(detection).refused.map((each) => each.code)).toEqual([code])
  })
})

describe('placeholders', () => {
  const rule = (value: string) =>
    `title: T\nlogsource: {product: test}\ndetection:\n  sel:\n    f|expand: '${value}'\n  condition: sel\n`
  const hits = (value: string, docs: readonly JsonObject[]) => {
    const { rules } = loadRuleTexts([{ file: 'x.yml', text: rule(value) }], {
      placeholders: { users: ['ann', 'b*b'], host: ['web'] },
    })
    const program = compileSigma(rules, { assume: { product: 'test' } })
    return docs.map((doc) => program.match(doc).length)
  }
  test('become each of their values, wildcards included', () => {
    expect(hits('%users%', [{ f: 'ANN' }, { f: 'bxb' }, { f: '%users%' }])).toEqual([1, 1, 0])
    expect(hits('%host%-%users%', [{ f: 'web-ann' }, { f: 'web-' }])).toEqual([1, 0])
  })
  test('can be escaped', () => expect(hits('\\%users\\%', [{ f: '%users%' }, { f: 'ann' }])).toEqual([1, 0]))
  test('without the modifier are plain text', () =>
    expect(matches('sel:\n  f: "%users%"\ncondition: sel', { f: '%users%' })).toBe(true))
})
