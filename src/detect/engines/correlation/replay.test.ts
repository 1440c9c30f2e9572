import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CorrelationLimits } from './limits.ts'
import { compile, type Fed, feedAll } from './testing/harness.ts'

/** Every type, a range (which can become false again), and chains of three levels with a field carried up. */
const RULES: Readonly<Record<string, readonly string[]>> = {
  event_count: ['{type: event_count, rules: [fail], group-by: [ip], timespan: 20s, condition: {gte: 3}}'],
  'a range': ['{type: event_count, rules: [fail, dns], group-by: [ip], timespan: 20s, condition: {gt: 1, lt: 4}}'],
  value_count: ['{type: value_count, rules: [fail, success], group-by: [ip], timespan: 30s, condition: {field: user, gte: 3}}'],
  value_avg: ['{type: value_avg, rules: [dns], timespan: 15s, condition: {field: size, gt: 0.35}}'],
  value_sum: ['{type: value_sum, rules: [dns, fail], group-by: [ip], timespan: 15s, condition: {field: size, gte: 1.2}}'],
  value_median: ['{type: value_median, rules: [dns, fail], group-by: [ip], timespan: 25s, condition: {field: size, gte: 0.5}}'],
  temporal: ['{type: temporal, rules: [fail, success, dns], group-by: [ip], timespan: 12s}'],
  temporal_ordered: ['{type: temporal_ordered, rules: [fail, success, dns], group-by: [ip], timespan: 25s}'],
  'a count followed by a success': [
    '{type: event_count, rules: [fail], group-by: [ip], timespan: 20s, condition: {gte: 2}}',
    '{type: temporal_ordered, rules: [rule0, success], group-by: [ip], timespan: 10s}',
  ],
  'a count and an average': [
    '{type: event_count, rules: [dns], group-by: [ip], timespan: 20s, condition: {gte: 2}}',
    '{type: value_avg, rules: [dns], group-by: [ip], timespan: 20s, condition: {field: size, gte: 0.3}}',
    '{type: temporal, rules: [rule0, rule1], group-by: [ip], timespan: 1s}',
  ],
  'firings counted': [
    '{type: event_count, rules: [fail], group-by: [ip], timespan: 5s, condition: {gte: 2}}',
    '{type: event_count, rules: [rule0], group-by: [user], timespan: 60s, condition: {gte: 2}}',
  ],
  'three levels': [
    '{type: event_count, rules: [fail], group-by: [ip], timespan: 10s, condition: {gte: 2}}',
    '{type: temporal_ordered, rules: [rule0, success], group-by: [ip], timespan: 10s}',
    '{type: temporal, rules: [rule1, dns], group-by: [user], timespan: 20s}',
  ],
}

/** Small bounds, so that generated events cross them. */
const LIMITS: Partial<CorrelationLimits> = { lateness: 8000, ahead: 4000 }

const event = fc.record({
  wait: fc.integer({ min: 0, max: 6 }),
  /** Seconds from received back to observed; the extremes are beyond belief. */
  delay: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: fc.integer({ min: -6, max: 12 }) }),
  matched: fc.subarray(['id-fail', 'id-success', 'id-dns'], { minLength: 1 }),
  ip: fc.constantFrom('a', 'b'),
  user: fc.constantFrom('ann', 'Ann', 'bob', 'eve'),
  size: fc.constantFrom(0.1, 0.2, 0.3, 0.7, 1e15, -1e15),
})

const streams = fc.array(event, { minLength: 1, maxLength: 120 }).map((parts) => {
  let received = 1000
  return parts.map(({ wait, delay, matched, ...doc }, index): Fed => {
    received += wait
    return { id: `e${index}`, at: received - delay, received, matched, doc }
  })
})

function compileNumbered(sections: readonly string[]) {
  return compile(
    sections.map((section, index) => `title: rule${index}\nid: rule${index}\ncorrelation: ${section}`),
    LIMITS,
  )
}

describe('replay', () => {
  const fired = new Map<string, number>()
  it.each(Object.entries(RULES))(
    'of the horizon without emitting, then the rest, equals an undisturbed run: %s',
    (name, sections) => {
      fc.assert(
        fc.property(streams, fc.nat(), (stream, at) => {
          const split = at % (stream.length + 1)
          const undisturbed = compileNumbered(sections)
          expect(undisturbed.refused).toEqual([])
          feedAll(undisturbed, stream.slice(0, split))
          const expected = feedAll(undisturbed, stream.slice(split))

          const restarted = compileNumbered(sections)
          const last = stream[split - 1]?.received ?? 0
          const past = stream.slice(0, split).filter(({ received }) => (received ?? 0) >= last - restarted.program.horizon / 1000)
          expect(feedAll(restarted, past, { emit: false }).length).toBe(0)
          expect(feedAll(restarted, stream.slice(split))).toEqual(expected)
          fired.set(name, (fired.get(name) ?? 0) + expected.length)
        }),
        { numRuns: 300 },
      )
      expect(fired.get(name) ?? 0).toBeGreaterThan(0)
    },
  )
})

describe('small limits', () => {
  it('hold whatever comes, and a detection always names its events', () => {
    const limits = { ...LIMITS, groups: 2, eventsPerGroup: 5, eventsPerRule: 8 }
    let seen = 0
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(RULES)), streams, (sections, stream) => {
        const compiled = compile(
          sections.map((section, index) => `title: rule${index}\nid: rule${index}\ncorrelation: ${section}`),
          limits,
        )
        for (const fed of stream) {
          for (const { eventIds, eventCount } of feedAll(compiled, [fed])) {
            seen++
            expect(eventIds.length).toBeGreaterThan(0)
            expect(eventCount).toBe(eventIds.length)
          }
          for (const { groups, events } of compiled.program.stats().rules) {
            expect(groups).toBeLessThanOrEqual(limits.groups)
            expect(events).toBeLessThanOrEqual(limits.eventsPerRule)
            expect(events).toBeGreaterThanOrEqual(0)
          }
        }
      }),
      { numRuns: 300 },
    )
    expect(seen).toBeGreaterThan(0)
  })
})

describe('against a plain reckoning', () => {
  it('event_count over a sorted stream fires where a window count rises over the bound', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (waits) => {
        let at = 0
        const times = waits.map((wait) => {
          at += wait
          return at
        })
        const stream = times.map((time, index): Fed => ({ id: `e${index}`, at: time, matched: ['id-fail'], doc: { ip: 'a' } }))
        const within = (time: number): number => times.filter((each) => each >= time - 20 && each <= time).length
        const moments = [...new Set(times)]
        const rises = moments.filter((time, index) => {
          const before = moments[index - 1]
          return within(time) >= 3 && !(before !== undefined && time - before <= 20 && within(before) >= 3)
        })
        const detections = feedAll(compileNumbered(RULES['event_count'] ?? []), stream)
        expect(detections.map(({ observed }) => observed / 1000)).toEqual(rises)
      }),
      { numRuns: 500 },
    )
  })
  it('late events find what the sorted stream finds', () => {
    fc.assert(
      fc.property(streams, (stream) => {
        const believable = stream.filter(({ at, received }) => at - (received ?? 0) <= 4 && (received ?? 0) - at <= 8)
        const sorted = [...believable].sort((a, b) => a.at - b.at).map((each) => ({ ...each, received: each.at }))
        for (const name of ['event_count', 'value_count', 'temporal', 'temporal_ordered']) {
          const shuffledGroups = new Set(feedAll(compileNumbered(RULES[name] ?? []), believable).map(({ group }) => group['ip']))
          const sortedGroups = new Set(feedAll(compileNumbered(RULES[name] ?? []), sorted).map(({ group }) => group['ip']))
          expect(shuffledGroups, name).toEqual(sortedGroups)
        }
      }),
      { numRuns: 200 },
    )
  })
})
