import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../../kernel/json.ts'
import { compileSigma } from '../match/program.ts'
import { loadRuleTexts } from './load.ts'

const load = (...texts: readonly string[]) => loadRuleTexts(texts.map((text, index) => ({ file: `${index}.yml`, text })))

const rule = (id: string, extra = '') => `title: Rule ${id}
id: ${id}
logsource: {product: test}
detection:
  sel: {f: ${id}}
  condition: sel
${extra}`

const idsHit = (texts: readonly string[], doc: JsonObject) =>
  compileSigma(load(...texts).rules, { assume: { product: 'test' } })
    .match(doc)
    .map((match) => match.info.id)

describe('what a rule says about itself', () => {
  const [loaded] = load(`title: A title
name: a_name
logsource: {product: Windows, category: Process_Creation, definition: anything}
level: high
description: Words
tags: [attack.t1059.001, attack.T1003, attack.defense-evasion, attack.lateral_movement, attack.t1059.001, cve.2024-1, car.2016]
ja: {title: 題名, description: 説明}
tests:
  - {name: hit, match: true, event: {f: x}}
  - {name: miss, match: false, events: [{f: y}, {f: z}]}
detection:
  sel: {f: x}
  condition: sel`).rules
  test('is read', () => {
    expect(loaded).toMatchObject({
      name: 'a_name',
      line: 1,
      logsource: { product: 'windows', category: 'process_creation' },
      info: {
        title: 'A title',
        level: 'high',
        description: 'Words',
        file: '0.yml',
        techniques: ['T1059.001', 'T1003'],
        ja: { title: '題名', description: '説明' },
      },
      tests: [
        { name: 'hit', match: true, events: [{ f: 'x' }] },
        { name: 'miss', match: false, events: [{ f: 'y' }, { f: 'z' }] },
      ],
    })
    expect([...loaded!.info.tactics].sort()).toEqual(['defense-evasion', 'lateral-movement'])
  })
  test('is known by its version where it has no id', () => {
    expect(loaded!.info.id).toBe(`sigma-${loaded!.info.version.slice(0, 16)}`)
  })
  test('a changed word is another version, another file is not', () => {
    const versions = load(rule('a'), rule('b')).rules.map((each) => each.info.version)
    expect(new Set(versions).size).toBe(2)
    expect(loadRuleTexts([{ file: 'elsewhere.yml', text: rule('a') }]).rules[0]!.info.version).toBe(versions[0])
  })
})

describe('refusals name file, line and code', () => {
  const cases: readonly (readonly [name: string, text: string, code: string, line: number])[] = [
    ['broken YAML', 'title: x\nid: [1\n', 'yaml', 3],
    ['a tab', 'title: x\n\tid: y\n', 'yaml', 2],
    ['a repeated key', 'title: x\ntitle: y\n', 'yaml', 2],
    ['no map', '- a\n- b\n', 'document-type', 1],
    ['no title', 'id: x\nlogsource: {product: a}\ndetection: {sel: {a: 1}, condition: sel}', 'title-missing', 1],
    ['no log source', 'title: x\nid: y\ndetection: {sel: {a: 1}, condition: sel}', 'logsource-missing', 1],
    ['no detection', 'title: x\nlogsource: {product: a}', 'detection-missing', 1],
    [
      'an unknown level',
      'title: x\nlevel: severe\nlogsource: {product: a}\ndetection: {sel: {a: 1}, condition: sel}',
      'level-unknown',
      2,
    ],
    [
      'a fault deep inside',
      'title: x\nlogsource: {product: a}\ndetection:\n  sel:\n    - a: 1\n    - b|nonsense:\n        - x\n  condition: sel',
      'modifier-unknown',
      6,
    ],
    [
      'a bad value of a list',
      'title: x\nlogsource: {product: a}\ndetection:\n  sel:\n    a|re:\n      - fine\n      - "["\n  condition: sel',
      'regex-syntax',
      7,
    ],
    [
      'a test that is none',
      'title: x\nlogsource: {product: a}\ndetection: {sel: {a: 1}, condition: sel}\ntests:\n  - {name: x}',
      'tests-type',
      5,
    ],
    [
      'an id that is no text',
      'title: x\nid: {a: b}\nlogsource: {product: a}\ndetection: {sel: {a: 1}, condition: sel}',
      'id-type',
      2,
    ],
  ]
  test.each(cases)('%s', (_name, text, code, line) => {
    const { rules, refused } = load(text)
    expect(rules).toEqual([])
    expect(refused).toEqual([{ file: '0.yml', line, code, reason: expect.stringMatching(/./) }])
  })

  test('an alias bomb is refused, not unfolded', () => {
    const levels = Array.from({ length: 20 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(', ')}]`)
    const { refused } = load(`a0: &a0 x\n${levels.join('\n')}\n`)
    expect(refused.map((each) => each.code)).toEqual(['yaml'])
  })

  test('one broken document of a file leaves the others', () => {
    const { rules, refused } = load(`${rule('a')}\n---\ntitle: [\n---\n${rule('b')}`)
    expect(rules.map((each) => [each.info.id, each.line])).toEqual([
      ['a', 1],
      ['b', 11],
    ])
    expect(refused.map((each) => [each.code, each.line > 8 && each.line < 13])).toEqual([['yaml', true]])
  })

  test('an id is taken once', () => {
    const { rules, refused } = load(rule('a'), rule('a'))
    expect(rules.length).toBe(1)
    expect(refused).toMatchObject([{ file: '1.yml', line: 2, code: 'id-repeated' }])
  })
})

describe('collections', () => {
  test('a global document is merged into all that follow, until reset', () => {
    const { rules } = load(`action: global
title: Shared
logsource: {product: test}
detection: {condition: sel}
---
id: one
detection: {sel: {f: 1}}
---
id: two
detection: {sel: {f: 2}}
---
action: reset
---
${rule('three')}`)
    expect(rules.map((each) => [each.info.id, each.info.title])).toEqual([
      ['one', 'Shared'],
      ['two', 'Shared'],
      ['three', 'Rule three'],
    ])
  })
  test('repeat changes the rule before', () => {
    const { rules } = load(`${rule('a')}\n---\naction: repeat\nid: b\nlogsource: {service: other}`)
    expect(rules.map((each) => [each.info.id, each.logsource])).toEqual([
      ['a', { product: 'test' }],
      ['b', { product: 'test', service: 'other' }],
    ])
  })
  test('correlations are handed on', () => {
    const { correlations, rules } = load(`${rule('a')}\n---\ntitle: Many\ncorrelation: {type: event_count, rules: [a]}`)
    expect(rules.length).toBe(1)
    expect(correlations).toMatchObject([{ file: '0.yml', line: 9, doc: { title: 'Many' } }])
    expect(correlations[0]!.lineOf(['correlation'])).toBe(10)
  })
})

describe('filters', () => {
  const filter = (rules: string, condition: string, product = 'test') => `title: Filter
logsource: {product: ${product}}
filter:
  rules: ${rules}
  selection: {user|startswith: adm_}
  condition: ${condition}`
  const admin = { f: 'a', user: 'ADM_1' }
  test.each([
    ['by id', '[a]', 'selection', []],
    ['written as what is kept', '[a]', 'not selection', []],
    ['any', 'any', 'selection', []],
    ['another rule', '[b]', 'selection', ['a']],
  ])('%s', (_name, rules, condition, expected) => {
    const texts = [rule('a'), rule('b'), filter(rules, condition)]
    expect(idsHit(texts, admin)).toEqual(expected)
    expect(idsHit(texts, { f: 'a', user: 'x' })).toEqual(['a'])
    expect(idsHit(texts, { f: 'a' })).toEqual(['a'])
  })
  test('of another log source concern nothing', () =>
    expect(idsHit([rule('a'), filter('[a]', 'selection', 'other')], admin)).toEqual(['a']))
  test('by name', () => expect(idsHit([rule('a', 'name: the_name'), filter('[the_name]', 'selection')], admin)).toEqual([]))
  test('that list nothing known are reported', () => {
    expect(load(rule('a'), filter('[zzz]', 'selection')).refused).toMatchObject([
      { file: '1.yml', code: 'filter-unused', line: 1 },
    ])
  })
})
