import { describe, expect, it } from 'vitest'
import { brief, compile, type Fed, feedAll } from './testing/harness.ts'

const FAIL = ['id-fail']
const SUCCESS = ['id-success']

function fails(count: number, from: number, step: number, doc = { ip: '10.0.0.1' }): Fed[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `f${from + index * step}`,
    at: from + index * step,
    matched: FAIL,
    doc,
  }))
}

const count = (condition: string, more = ''): string => `
title: Count
id: count
correlation: {type: event_count, rules: [fail], group-by: [ip], timespan: 60s, condition: ${condition}${more}}`

describe('event_count', () => {
  it('fires once when the count is reached and again after the condition was false', () => {
    const compiled = compile([count('{gte: 3}')])
    expect(brief(feedAll(compiled, [...fails(8, 0, 10), ...fails(3, 200, 10)]))).toEqual([
      'count: f0…f20 3',
      'count: f200…f220 3',
    ])
    expect(compiled.program.stats().rules[0]?.fired).toBe(2)
  })
  it('counts an event that is exactly one timespan old, and none older', () => {
    expect(brief(feedAll(compile([count('{gte: 2}')]), fails(2, 0, 60)))).toEqual(['count: f0…f60 2'])
    expect(feedAll(compile([count('{gte: 2}')]), fails(2, 0, 61))).toEqual([])
  })
  it('keeps windows free of fixed boundaries', () => {
    expect(brief(feedAll(compile([count('{gt: 2}')]), fails(3, 55, 4)))).toEqual(['count: f55…f63 3'])
  })
  it('reads a range', () => {
    expect(brief(feedAll(compile([count('{gt: 1, lt: 3}')]), fails(5, 0, 1)))).toEqual(['count: f0…f1 2'])
  })
  it('inserts a late event where it belongs', () => {
    const events = [...fails(2, 0, 10), ...fails(1, 90, 1)]
    const late: Fed = { id: 'late', at: 20, received: 95, matched: FAIL, doc: { ip: '10.0.0.1' } }
    expect(brief(feedAll(compile([count('{gte: 3}')]), [...events, late]))).toEqual(['count: f0…late 3'])
  })
  it('uses the received time when the observed time is not to be believed, and says so', () => {
    const old = fails(3, 0, 1).map((event) => ({ ...event, received: 100_000 + event.at }))
    const compiled = compile([count('{gte: 3}')])
    const [detection] = feedAll(compiled, old)
    expect(detection?.fields['correlation.time']).toBe('received')
    expect(compiled.program.stats().byReceivedTime).toBe(3)
  })
  it('groups by all fields, folds case, and ignores and counts events without a key', () => {
    const yaml = count('{gte: 2}').replace('[ip]', '[ip, user]')
    const compiled = compile([yaml])
    const docs = [
      { ip: '1', user: 'Ann' },
      { ip: '1', user: 'bob' },
      { ip: '1' },
      { ip: '1', user: '-' },
      { ip: '1', user: 'ANN' },
    ]
    const detections = feedAll(
      compiled,
      docs.map((doc, index) => ({ id: `e${index}`, at: index, matched: FAIL, doc })),
    )
    expect(brief(detections)).toEqual(['count: e0…e4 2'])
    expect(detections[0]?.group).toEqual({ ip: '1', user: 'ANN' })
    expect(compiled.program.stats().rules[0]).toMatchObject({ groups: 2, withoutGroup: 2 })
  })
  it('lists the oldest events and the last, at most 100, and says the true number', () => {
    const [detection] = feedAll(compile([count('{gte: 150}').replace('60s', '1h')]), fails(150, 0, 1))
    expect(detection?.eventIds).toHaveLength(100)
    expect(detection?.eventIds[0]).toBe('f0')
    expect(detection?.eventIds.at(-1)).toBe('f149')
    expect(detection?.eventCount).toBe(150)
    expect(detection?.observed).toBe(149_000)
  })
  it('keeps scopes apart', () => {
    const { program } = compile([count('{gte: 2}')])
    const event = { id: 'a', observed: 0, received: 0, doc: { ip: '1' } }
    expect(program.feed({ ...event, scope: 'red' }, FAIL)).toEqual([])
    expect(program.feed({ ...event, scope: 'blue' }, FAIL)).toEqual([])
    expect(program.feed({ ...event, scope: 'red', id: 'b' }, FAIL)).toHaveLength(1)
  })
})

const valued = (type: string, condition: string, groupBy = '[ip]'): string => `
title: Value
id: value
correlation: {type: ${type}, rules: [fail], group-by: ${groupBy}, timespan: 60s, condition: ${condition}}`

const VALUE_CASES: readonly [name: string, yaml: string, values: readonly unknown[], expected: readonly string[]][] = [
  ['distinct values', valued('value_count', '{field: v, gte: 3}'), ['a', 'b', 'A', 'b', 'c'], ['value: e0…e4 5']],
  [
    'members of a list',
    valued('value_count', '{field: v, gte: 3}'),
    [
      ['a', 'b'],
      ['b', 'c'],
    ],
    ['value: e0…e1 2'],
  ],
  ['distinct tuples', valued('value_count', '{field: [v, ip], gte: 2}'), ['a', 'a', 'b'], ['value: e0…e2 3']],
  ['sum of numbers and numeric text', valued('value_sum', '{field: v, gt: 10}'), [4, '6', 'x', 1], ['value: e0…e3 3']],
  ['average', valued('value_avg', '{field: v, gte: 5}'), [1, 3, 11], ['value: e0…e2 3']],
  ['median of an even number', valued('value_median', '{field: v, gte: 4}'), [1, 2, 6, 9], ['value: e0…e3 4']],
  ['nearest-rank percentile', valued('value_percentile', '{field: v, percentile: 90, gte: 9}'), [1, 2, 3, 9], ['value: e0…e3 4']],
  ['average not reached', valued('value_avg', '{field: v, gt: 5}'), [1, 3, 11], []],
]

describe('value correlations', () => {
  it.each(VALUE_CASES)('%s', (_name, yaml, values, expected) => {
    const events = values.map((v, index) => ({ id: `e${index}`, at: index, matched: FAIL, doc: { ip: '1', v: v as string } }))
    expect(brief(feedAll(compile([yaml]), events))).toEqual(expected)
  })
  it('counts events whose value is missing or is no number', () => {
    const compiled = compile([valued('value_sum', '{field: v, gt: 10}')])
    feedAll(compiled, [
      { id: 'a', at: 0, matched: FAIL, doc: { ip: '1' } },
      { id: 'b', at: 1, matched: FAIL, doc: { ip: '1', v: 'many' } },
    ])
    expect(compiled.program.stats().rules[0]?.withoutValue).toBe(2)
  })
  it('shows what was counted', () => {
    const events = ['A', 'b'].map((v, index) => ({ id: `e${index}`, at: index, matched: FAIL, doc: { ip: '1', v } }))
    const [detection] = feedAll(compile([valued('value_count', '{field: v, gte: 2}')]), events)
    expect(detection?.fields).toMatchObject({ ip: '1', v: ['A', 'b'], 'correlation.figure': 2, 'correlation.condition': '≥ 2' })
  })
})

const temporal = (type: string, more = ''): string => `
title: Temporal
id: temporal
correlation: {type: ${type}, rules: [fail, success, dns], group-by: [ip], timespan: 60s${more}}`

function letters(text: string): Fed[] {
  const rules: Record<string, readonly string[]> = { f: FAIL, s: SUCCESS, d: ['id-dns'], b: [...FAIL, ...SUCCESS] }
  return [...text].flatMap((letter, index) => {
    const matched = rules[letter]
    return matched === undefined ? [] : [{ id: `${letter}${index}`, at: index * 10, matched, doc: { ip: '1' } }]
  })
}

const TEMPORAL_CASES: readonly [yaml: string, stream: string, expected: readonly string[]][] = [
  [temporal('temporal'), 'sdf', ['temporal: s0…f2 3']],
  [temporal('temporal'), 'sd......f', []],
  [temporal('temporal'), 'bd', ['temporal: b0…d1 2']],
  [temporal('temporal', ', condition: {gte: 2}'), 'ffs', ['temporal: f1…s2 2']],
  [temporal('temporal', ', condition: fail and (success or dns)'), 'sd.f', ['temporal: s0…f3 3']],
  [temporal('temporal_ordered'), 'fsd', ['temporal: f0…d2 3']],
  [temporal('temporal_ordered'), 'fdsfd', ['temporal: f0…d4 3']],
  [temporal('temporal_ordered'), 'dsf', []],
  [temporal('temporal_ordered'), 'bd', []],
  [temporal('temporal_ordered'), 'ffffsd', ['temporal: f3…d5 3']],
  [temporal('temporal_ordered'), 'fsdd......d.fsd', ['temporal: f0…d2 3', 'temporal: f12…d14 3']],
  [temporal('temporal_ordered', ', condition: {gte: 2}'), 'fd', ['temporal: f0…d1 2']],
  [temporal('temporal_ordered', ', condition: fail and dns'), 'd.fsd', ['temporal: f2…d4 2']],
]

describe('temporal correlations', () => {
  it.each(TEMPORAL_CASES)('%s over %s', (yaml, stream, expected) => {
    const compiled = compile([yaml])
    expect(compiled.refused).toEqual([])
    expect(brief(feedAll(compiled, letters(stream)))).toEqual(expected)
  })
  it('resolves aliases rule by rule, so that one event may stand in two groups', () => {
    const yaml = `
title: Relay
id: relay
correlation:
  type: temporal_ordered
  rules: [fail, success]
  group-by: [host]
  timespan: 60s
  aliases: {host: {fail: destination, success: source}}`
    const events = [
      { id: 'a', at: 0, matched: FAIL, doc: { source: 'x', destination: 'y' } },
      { id: 'b', at: 1, matched: SUCCESS, doc: { source: 'x', destination: 'y' } },
      { id: 'c', at: 2, matched: [...FAIL, ...SUCCESS], doc: { source: 'y', destination: 'z' } },
    ]
    const detections = feedAll(compile([yaml]), events)
    expect(brief(detections)).toEqual(['relay: a…c 2'])
    expect(detections[0]?.group).toEqual({ host: 'y' })
  })
})

const CHAIN = [
  `
title: Many failures
id: many
name: many_failures
correlation: {type: event_count, rules: [fail], group-by: [ip], timespan: 60s, condition: {gt: 2}}`,
  `
title: Failures and a success
id: chain
correlation: {type: temporal_ordered, rules: [many_failures, success], group-by: [ip], timespan: 30s}`,
]

describe('chains', () => {
  it('sees a count followed by a success, and keeps the parts silent', () => {
    const compiled = compile(CHAIN)
    const success = { id: 's', at: 25, matched: SUCCESS, doc: { ip: '10.0.0.1' } }
    const [detection, ...more] = feedAll(compiled, [...fails(3, 0, 10), success])
    expect(more).toEqual([])
    expect(detection).toMatchObject({ eventIds: ['f0', 'f10', 'f20', 's'], eventCount: 4, group: { ip: '10.0.0.1' } })
    expect(compiled.program.rules.map(({ id }) => id)).toEqual(['chain'])
    expect([...compiled.program.silent].sort()).toEqual(['id-fail', 'id-success', 'many'])
  })
  it('lets the count go on being true for as long as it is, not only where it became so', () => {
    const success = { id: 's', at: 305, matched: SUCCESS, doc: { ip: '10.0.0.1' } }
    const [detection] = feedAll(compile(CHAIN), [...fails(31, 0, 10), success])
    expect(detection?.eventIds[0]).toBe('f240')
  })
  it('does not fire when the success comes first, too late, or from elsewhere', () => {
    const at = (seconds: number, ip = '10.0.0.1') => ({ id: 's', at: seconds, matched: SUCCESS, doc: { ip } })
    expect(feedAll(compile(CHAIN), [at(15), ...fails(3, 20, 1)])).toEqual([])
    expect(feedAll(compile(CHAIN), [...fails(3, 0, 10), at(51)])).toEqual([])
    expect(feedAll(compile(CHAIN), [...fails(3, 0, 10), at(21, '10.0.0.2')])).toEqual([])
  })
  it('reports the parts too when the rule says generate', () => {
    const speaking = compile([CHAIN[0] ?? '', `${CHAIN[1]}\ngenerate: true`])
    expect(brief(feedAll(speaking, fails(3, 0, 10)))).toEqual(['many: f0…f20 3'])
    expect([...speaking.program.silent]).toEqual(['id-fail'])
    const some = compile([CHAIN[0] ?? '', `${CHAIN[1]}\ngenerate: [many_failures]`])
    expect([...some.program.silent].sort()).toEqual(['id-fail', 'id-success'])
  })
  it('groups by a field that the lower rule does not group by', () => {
    const byUser = [CHAIN[0] ?? '', (CHAIN[1] ?? '').replace('[ip]', '[user]')]
    const doc = { ip: '10.0.0.1', user: 'ann' }
    const success = { id: 's', at: 25, matched: SUCCESS, doc: { ip: '10.9.9.9', user: 'ann' } }
    const [detection] = feedAll(compile(byUser), [...fails(3, 0, 10, doc), success])
    expect(detection?.group).toEqual({ user: 'ann' })
  })
  it('counts firings of a lower rule, not the events at which it holds', () => {
    const repeated = `
title: Again and again
id: again
correlation: {type: event_count, rules: [many_failures], group-by: [ip], timespan: 1h, condition: {gte: 2}}`
    const compiled = compile([CHAIN[0] ?? '', repeated])
    expect(feedAll(compiled, fails(20, 0, 10))).toEqual([])
    expect(brief(feedAll(compiled, fails(3, 500, 10)))).toEqual(['again: f0…f520 6'])
  })
  it('puts a count and an average over the same derived group together', () => {
    const part = (id: string, type: string, condition: string): string => `
title: ${id}
id: ${id}
correlation:
  type: ${type}
  rules: [dns]
  derive:
    domain: {registered_domain: q}
    length: {subdomain_length: q}
  group-by: [domain]
  timespan: 10m
  condition: ${condition}`
    const both = `
title: Both
id: both
correlation: {type: temporal, rules: [c, a], group-by: [domain], timespan: 1s}`
    const rules = [part('c', 'event_count', '{gt: 3}'), part('a', 'value_avg', '{field: length, gt: 10}'), both]
    const queries = (names: readonly string[]): Fed[] =>
      names.map((q, index) => ({ id: `q${index}`, at: index * 5, matched: ['id-dns'], doc: { q } }))
    const long = 'abcdefghijklmnop'
    const [detection, ...more] = feedAll(compile(rules), queries([1, 2, 3, 4, 5].map((n) => `${n}.${long}.Evil.co.uk.`)))
    expect(more).toEqual([])
    expect(detection).toMatchObject({ group: { domain: 'evil.co.uk' }, eventCount: 4 })
    expect(
      feedAll(compile(rules), queries([`${long}.evil.com`, 'a.evil.com', 'b.evil.com', 'c.evil.com', 'd.evil.com'])),
    ).toEqual([])
  })
})

describe('limits', () => {
  it('forgets the oldest events of a group and says so', () => {
    const compiled = compile([count('{gte: 3}')], { eventsPerGroup: 3 })
    feedAll(compiled, fails(10, 0, 1))
    expect(compiled.program.stats().rules[0]).toMatchObject({ events: 3, evictedEvents: 7 })
  })
  it('forgets groups at rest and says so', () => {
    const compiled = compile([count('{gte: 3}')], { groups: 2 })
    for (let index = 0; index < 5; index++) feedAll(compiled, fails(1, index, 1, { ip: `10.0.0.${index}` }))
    expect(compiled.program.stats().rules[0]).toMatchObject({ groups: 2, evictedGroups: 3 })
  })
  it('drops what no window can ask for any more without calling it a loss', () => {
    const compiled = compile([count('{gte: 3}')])
    for (let index = 0; index < 50; index++) feedAll(compiled, fails(1, index * 1000, 1, { ip: `10.0.0.${index}` }))
    const [stats] = compiled.program.stats().rules
    expect(stats).toMatchObject({ evictedGroups: 0, evictedEvents: 0, inserted: 50 })
    expect(stats?.groups).toBeLessThan(5)
  })
})
