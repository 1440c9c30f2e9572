import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../kernel/json.ts'
import { compileCorrelations } from './compile.ts'
import { BASES, compile } from './testing/harness.ts'

const document = (section: string, id = 'x'): string => `
title: ${id}
id: ${id}
correlation: ${section}`

const REFUSED: readonly [name: string, section: string, reason: RegExp][] = [
  ['no type', '{rules: [fail], timespan: 5m, condition: {gte: 1}}', /type must be one of event_count/],
  ['a misspelt key', '{type: event_count, rules: [fail], groupby: [a], timespan: 5m, condition: {gte: 1}}', /not "groupby"/],
  [
    'an unknown rule',
    '{type: event_count, rules: [nobody], timespan: 5m, condition: {gte: 1}}',
    /"nobody" is no rule that was loaded/,
  ],
  ['no rule', '{type: event_count, rules: [], timespan: 5m, condition: {gte: 1}}', /rules names no rule/],
  ['the same rule by id and name', '{type: temporal, rules: [fail, id-fail], timespan: 5m}', /named twice/],
  ['no timespan', '{type: event_count, rules: [fail], condition: {gte: 1}}', /timespan must be/],
  ['a timespan without unit', "{type: event_count, rules: [fail], timespan: '300', condition: {gte: 1}}", /timespan must be/],
  ['an empty timespan', '{type: event_count, rules: [fail], timespan: 0m, condition: {gte: 1}}', /timespan must be/],
  ['no condition', '{type: event_count, rules: [fail], timespan: 5m}', /needs a condition map/],
  ['an unknown comparison', '{type: event_count, rules: [fail], timespan: 5m, condition: {above: 3}}', /not "above"/],
  ['a comparison with text', '{type: event_count, rules: [fail], timespan: 5m, condition: {gte: many}}', /needs a number/],
  [
    'a count that cannot be',
    '{type: event_count, rules: [fail], timespan: 5m, condition: {gt: 4, lt: 5}}',
    /no count satisfies > 4 and < 5/,
  ],
  [
    'a count over the limit',
    '{type: event_count, rules: [fail], timespan: 5m, condition: {gte: 20000}}',
    /a group keeps 10000 events/,
  ],
  [
    'a value count without field',
    '{type: value_count, rules: [fail], timespan: 5m, condition: {gte: 3}}',
    /needs condition.field/,
  ],
  [
    'a sum of two fields',
    '{type: value_sum, rules: [fail], timespan: 5m, condition: {field: [a, b], gte: 3}}',
    /takes one field/,
  ],
  [
    'an absent stage',
    '{type: temporal, rules: [fail, success], timespan: 5m, condition: fail and not success}',
    /"not" cannot be decided/,
  ],
  [
    'a stage outside the rules',
    '{type: temporal, rules: [fail], timespan: 5m, condition: fail and dns}',
    /"dns", which is not among/,
  ],
  ['an open bracket', '{type: temporal, rules: [fail], timespan: 5m, condition: (fail}', /bracket is not closed/],
  [
    'an upper bound for an order',
    '{type: temporal_ordered, rules: [fail, dns], timespan: 5m, condition: {lt: 2}}',
    /lower bound/,
  ],
  [
    'an alias for a stranger',
    '{type: temporal, rules: [fail], timespan: 5m, aliases: {a: {dns: b}}}',
    /"dns", which is not among/,
  ],
  [
    'an alias with a hole',
    '{type: temporal, rules: [fail, dns], timespan: 5m, aliases: {a: {dns: b}}}',
    /says no field for rule "fail"/,
  ],
  ['an unknown derivation', '{type: temporal, rules: [fail], timespan: 5m, derive: {a: {soundex: b}}}', /not "soundex"/],
  ['a stranger to generate', '{type: temporal, rules: [fail], timespan: 5m, generate: [dns]}', /generate names "dns"/],
  ['a rule of its own', '{type: event_count, rules: [x], timespan: 5m, condition: {gte: 1}}', /in a circle: x → x/],
]

describe('refusals', () => {
  it.each(REFUSED)('%s', (_name, section, reason) => {
    const { refused, program } = compile([document(section)])
    expect(refused).toHaveLength(1)
    expect(refused[0]).toMatchObject({ file: '0.yml', line: 1, code: 'correlation-refused' })
    expect(refused[0]?.reason).toMatch(reason)
    expect(program.rules).toEqual([])
  })
  it('a title or level that is none, at the line of the key where the loader knows it', () => {
    const doc = { title: 'x', level: 'grave', correlation: { type: 'temporal', rules: ['fail'], timespan: '5x' } }
    const source = {
      doc,
      file: 'a.yml',
      line: 1,
      version: 'v',
      lineOf: (path: readonly (string | number)[]) => (path[0] === 'level' ? 2 : 7),
    }
    const refuse = (changes: JsonObject) =>
      compileCorrelations({ documents: [{ ...source, doc: { ...doc, ...changes } }], baseRules: BASES, read: () => undefined })
        .refused[0]
    expect(refuse({})).toMatchObject({ line: 2, reason: expect.stringMatching(/level must be one of/) })
    expect(refuse({ level: 'low' })).toMatchObject({ line: 7, reason: expect.stringMatching(/timespan/) })
    expect(refuse({ title: ' ' })?.reason).toBe('there is no title')
  })
  it('names a longer circle, and everything that stands on it', () => {
    const count = (on: string): string => `{type: event_count, rules: [${on}], timespan: 5m, condition: {gte: 1}}`
    const { refused, program } = compile([
      document(count('b'), 'a'),
      document(count('c'), 'b'),
      document(count('b'), 'c'),
      document(count('fail'), 'd'),
    ])
    expect(refused.map(({ file, reason }) => `${file} ${reason}`).sort()).toEqual([
      '0.yml "b" was refused, and this rule stands on it',
      '1.yml "c" was refused, and this rule stands on it',
      '2.yml rules refer to each other in a circle: b → c → b',
    ])
    expect(program.rules.map(({ id }) => id)).toEqual(['d'])
  })
  it('refuses a second rule with an id that is taken, and a name that two rules bear', () => {
    const good = '{type: event_count, rules: [fail], timespan: 5m, condition: {gte: 1}}'
    expect(compile([document(good, 'a'), document(good, 'a')]).refused[0]?.reason).toMatch(/another rule has the id "a"/)
    const twice = [
      { id: '1', name: 'fail' },
      { id: '2', name: 'fail' },
    ]
    expect(compile([document(good)], {}, twice).refused[0]?.reason).toMatch(/"fail" is the name of 2 rules/)
  })
  it('keeps the parts of a refused correlation silent', () => {
    expect([...compile([document('{type: event_count, rules: [fail], timespan: 5x}')]).program.silent]).toEqual(['id-fail'])
  })
})

describe('horizon', () => {
  it('covers every level of a chain', () => {
    const chain = [
      document('{type: event_count, rules: [fail], timespan: 5m, condition: {gte: 1}}', 'low'),
      document('{type: temporal_ordered, rules: [low, success], timespan: 10m}', 'high'),
    ]
    const minutes = compile(chain, { lateness: 60_000, ahead: 60_000 }).program.horizon / 60_000
    expect(minutes).toBe(2 * 10 + 2 * 5 + 1 + 1)
    expect(compile([]).program.horizon).toBe(0)
  })
})
