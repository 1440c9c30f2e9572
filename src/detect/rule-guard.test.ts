import { describe, expect, it } from 'vitest'
import type { StoredEvent } from '../kernel/event.ts'
import type { JsonObject } from '../kernel/json.ts'
import { loadRuleTexts } from './engines/sigma/load/load.ts'
import { type RuleSet, ruleSetOf } from './rule-set.ts'

const RULES = `title: Slow
id: slow
logsource: {product: test}
detection: {sel: {slow: x}, condition: sel}
---
title: Quick
id: quick
logsource: {product: test}
detection: {sel: {f: 1}, condition: sel}
---
title: Stands on the slow one
id: many
correlation: {type: event_count, rules: [slow], timespan: 1m, condition: {gte: 1}, generate: true}
---
title: Stands on that
id: higher
correlation: {type: temporal, rules: [many, quick], timespan: 1m, generate: true}
`

/** A clock of CPU time that only reading the field `slow` moves on: twice a match, once to find it and once to explain it. */
function withClock(budget = { turnMs: 1_000, ruleMs: 500, msPerMegabyte: 250 }) {
  let cpu = 0
  const ruleSet = ruleSetOf(loadRuleTexts([{ file: 'test.yml', text: RULES }]), undefined, {
    ...budget,
    cpuMs: () => cpu,
    now: () => cpu,
  })
  const doc = (costs: number, more: JsonObject = {}): JsonObject =>
    Object.defineProperty({ f: 1, ...more }, 'slow', {
      enumerable: true,
      get: () => {
        cpu += costs
        return 'x'
      },
    })
  return { ruleSet, doc }
}

let sequence = 0
const events = (docs: readonly JsonObject[]): StoredEvent[] =>
  docs.map((doc, index) => {
    sequence += 1
    const place = { scope: 'default', source: 's', parser: 'p', writer: 'w', sequence, index, observed: 0, received: 0 }
    return { ...place, id: `e${sequence}`, doc }
  })

const fired = (ruleSet: RuleSet, batch: readonly StoredEvent[]): string[] =>
  ruleSet.run(batch, true).map(({ rule, eventIds }) => `${rule.id} ${eventIds.at(-1)}`)

describe('a rule that uses up its time', () => {
  it('is quarantined and named, its turn is run again without it, and the others go on', () => {
    const { ruleSet, doc } = withClock()
    const batch = events([doc(10), doc(900), doc(200)])
    expect(fired(ruleSet, batch).filter((hit) => !hit.startsWith('quick'))).toEqual([])
    const [one, ...others] = ruleSet.takeQuarantined()
    expect(others).toEqual([])
    expect(one).toMatchObject({ rule: { id: 'slow' }, tookMs: 910, budgetMs: 500, events: 2, event: batch[1]!.id })
    expect(ruleSet.takeQuarantined()).toEqual([])
    expect(fired(ruleSet, events([doc(10)])).map((hit) => hit.split(' ')[0])).toEqual(['quick'])
    expect(ruleSet.standingOn('slow')).toEqual(['many', 'higher'])
  })

  it('is evaluated again when it is released, and left out from the beginning when it was quarantined before', () => {
    const { ruleSet, doc } = withClock()
    ruleSet.withhold(['slow'])
    expect(fired(ruleSet, events([doc(1)])).map((hit) => hit.split(' ')[0])).toEqual(['quick'])
    expect([ruleSet.release('slow'), ruleSet.release('slow')]).toEqual([true, false])
    expect(fired(ruleSet, events([doc(1)])).map((hit) => hit.split(' ')[0])).toContain('slow')
  })

  it('is not one whose events are large', () => {
    const { ruleSet, doc } = withClock()
    const large = { text: 'x'.repeat(4_000_000) }
    expect(fired(ruleSet, events([doc(1_200, large)])).map((hit) => hit.split(' ')[0])).toContain('slow')
    expect(ruleSet.takeQuarantined()).toEqual([])
  })

  it('is not one of many that are slow together', () => {
    const { ruleSet, doc } = withClock({ turnMs: 100, ruleMs: 500, msPerMegabyte: 0 })
    expect(fired(ruleSet, events([doc(300)])).map((hit) => hit.split(' ')[0])).toContain('slow')
    expect(ruleSet.takeQuarantined()).toEqual([])
  })

  it('ends its turn early, so that little has to be run again', () => {
    const { ruleSet, doc } = withClock()
    const batch = events(Array.from({ length: 64 }, () => doc(400)))
    expect(fired(ruleSet, batch).filter((hit) => hit.startsWith('quick'))).toHaveLength(64)
    expect(ruleSet.takeQuarantined()).toMatchObject([{ rule: { id: 'slow' }, events: 2, tookMs: 800 }])
  })

  it('is asked every 64 events, so that a large batch is not run again as a whole', () => {
    const { ruleSet, doc } = withClock()
    const batch = events([...Array.from({ length: 64 }, () => doc(1)), ...Array.from({ length: 64 }, () => doc(16))])
    const hits = fired(ruleSet, batch)
    expect(hits.filter((hit) => hit.startsWith('slow '))).toHaveLength(64)
    expect(hits.filter((hit) => hit.startsWith('quick '))).toHaveLength(128)
    expect(ruleSet.takeQuarantined()).toMatchObject([{ rule: { id: 'slow' }, events: 32 }])
  })
})
