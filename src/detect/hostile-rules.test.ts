import { describe, expect, it } from 'vitest'
import type { StoredEvent } from '../kernel/event.ts'
import type { JsonObject } from '../kernel/json.ts'
import { loadRuleTexts } from './engines/sigma/load/load.ts'
import { DEFAULT_BUDGET } from './rule-costs.ts'
import { type RuleSet, ruleSetOf } from './rule-set.ts'

const rule = (id: string, detection: string, more = ''): string =>
  `title: Rule ${id}\nid: ${id}\nlogsource: {product: test}\ndetection:\n  sel: ${detection}\n  condition: sel\n${more}`

const load = (texts: readonly string[]): RuleSet =>
  ruleSetOf(loadRuleTexts(texts.map((text, index) => ({ file: `${index}.yml`, text }))), undefined, {
    ...DEFAULT_BUDGET,
    // What a slow machine makes of these is not what is tested here; see rule-guard.test.ts.
    cpuMs: () => 0,
    now: () => 0,
  })

let sequence = 0
const hits = (ruleSet: RuleSet, ...docs: readonly JsonObject[]): string[] =>
  ruleSet
    .run(
      docs.map((doc, index): StoredEvent => {
        sequence += 1
        const time = sequence * 3_600_000
        const place = { scope: 'default', source: 's', parser: 'p', writer: 'w', sequence, index }
        return { ...place, id: `e${sequence}`, observed: time, received: time, doc }
      }),
      true,
    )
    .map(({ rule }) => rule.id)

const MEGABYTE = 1_000_000

describe('rules and events that nobody wants', () => {
  it('patterns that hang a backtracking engine run, and the others go on', () => {
    const patterns = [
      '(a+)+$',
      '(a|a)*b',
      '(.*a){20}',
      '^(([a-z])+.)+[A-Z]([a-z])+$',
      '(a*)*(b*)*c',
      '(x+x+)+y',
      '([a-zA-Z]+)*\\d',
    ]
    const ruleSet = load([
      ...patterns.map((pattern, index) => rule(`p${index}`, `{f|re: '${pattern}'}`)),
      rule('plain', '{g: 1}'),
    ])
    expect(ruleSet.refused).toEqual([])
    const text = `${'a'.repeat(50_000)}!`
    expect(hits(ruleSet, { f: text, g: 1 })).toContain('plain')
    expect(hits(ruleSet, { f: 'aaaa', g: 2 })).toContain('p0')
  })

  it('a field of a megabyte is searched as any other', () => {
    const ruleSet = load([
      rule('contains', '{f|contains: needle}'),
      rule('ends', '{f|endswith: needle}'),
      rule('glob', "{f: 'x*ne?dle'}"),
      rule('pattern', "{f|re: 'n[e]+dle$'}"),
      rule('keyword', '[needle]'),
      rule('all', '{f|contains|all: [needle, x]}'),
      rule('miss', '{f|contains: haystack}'),
    ])
    const found = hits(ruleSet, { f: `${'x'.repeat(MEGABYTE)}needle` })
    expect(found.sort()).toEqual(['all', 'contains', 'ends', 'glob', 'pattern'])
    expect(hits(ruleSet, { f: 'x'.repeat(MEGABYTE) })).toEqual([])
  })

  it('ten thousand rules load, and each of them finds what it looks for', () => {
    const texts = Array.from({ length: 10_000 }, (_, n) =>
      rule(`r${n}`, `{f|${n % 2 === 0 ? 'contains' : 'endswith'}: value-${n}.exe, g: ${n % 7}}`),
    )
    const ruleSet = load([texts.join('\n---\n')])
    expect([ruleSet.rules.length, ruleSet.refused]).toEqual([10_000, []])
    for (const n of [0, 1, 4_999, 9_999]) expect(hits(ruleSet, { f: `x value-${n}.exe`, g: n % 7 })).toEqual([`r${n}`])
    expect(hits(ruleSet, { f: 'value-5.exe', g: 0 })).toEqual([])
  })

  it('ids that conflict are named, the first rule stays, and so do all others', () => {
    const correlation = (id: string, on: string) =>
      `title: C ${id}\nid: ${id}\ncorrelation: {type: event_count, rules: [${on}], timespan: 1m, condition: {gte: 1}, generate: true}\n`
    const ruleSet = load([
      rule('a', '{f: 1}', 'name: one\n'),
      rule('a', '{f: 2}'),
      rule('b', '{f: 3}', 'name: one\n'),
      correlation('a', 'b'),
      correlation('c', 'one'),
      correlation('d', 'b'),
    ])
    expect(ruleSet.refused.map(({ file, reason }) => [file, reason])).toEqual([
      ['1.yml', expect.stringContaining('the id a is taken by a rule in 0.yml')],
      ['3.yml', expect.stringContaining('another rule has the id "a"')],
      ['4.yml', expect.stringContaining('"one" is the name of 2 rules; refer to it by id')],
    ])
    expect([...hits(ruleSet, { f: 1 }), ...hits(ruleSet, { f: 3 })]).toEqual(['a', 'b', 'd'])
  })

  it('correlations that stand on each other are refused with the way round, and the others go on', () => {
    const on = (id: string, other: string) =>
      `title: ${id}\nid: ${id}\ncorrelation: {type: event_count, rules: [${other}], timespan: 1m, condition: {gte: 1}, generate: true}\n`
    const ruleSet = load([rule('base', '{f: 1}'), on('x', 'y'), on('y', 'z'), on('z', 'x'), on('above', 'x'), on('good', 'base')])
    const reasons = ruleSet.refused.map(({ reason }) => reason)
    expect(reasons.filter((reason) => reason.includes('in a circle'))).toHaveLength(1)
    expect(reasons).toHaveLength(4)
    expect(hits(ruleSet, { f: 1 })).toEqual(['base', 'good'])
  })

  it('a rule that matches everything fills windows, and what they hold can be asked', () => {
    const everything = rule('everything', '{f|exists: true}')
    const counted = `title: C\nid: many\ncorrelation: {type: event_count, rules: [everything], group-by: [f], timespan: 1y, condition: {gte: 9000}}\n`
    const ruleSet = load([everything, counted])
    const docs = Array.from({ length: 3_000 }, (_, n) => ({ f: `group ${n % 2 === 0 ? 'a' : n}` }))
    expect(hits(ruleSet, ...docs)).toEqual([])
    const [stats] = ruleSet.correlationStats().rules
    expect(stats).toMatchObject({ groups: 1_501, events: 3_000, evictedEvents: 0 })
  })
})
