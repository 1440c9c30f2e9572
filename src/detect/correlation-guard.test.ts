import { expect, it } from 'vitest'
import type { StoredEvent } from '../kernel/event.ts'
import type { JsonObject } from '../kernel/json.ts'
import { loadRuleTexts } from './engines/sigma/load/load.ts'
import { ruleSetOf } from './rule-set.ts'

const RULES = `title: Base
id: base
logsource: {product: test}
detection: {sel: {f: 1}, condition: sel}
---
title: Groups by what takes long to read
id: slow
correlation: {type: event_count, rules: [base], group-by: [slow], timespan: 1m, condition: {gte: 1}}
---
title: Quick
id: quick
correlation: {type: event_count, rules: [base], group-by: [user], timespan: 1m, condition: {gte: 1}, generate: true}
---
title: Stands on the slow one
id: higher
correlation: {type: event_count, rules: [slow], timespan: 1m, condition: {gte: 1}, generate: true}
`

/** A clock that only reading the field `slow` moves on: of CPU time, and of any. `waits`: by so much only the other one. */
function withClock() {
  let cpu = 0
  let other = 0
  const budget = { turnMs: 1_000, ruleMs: 500, msPerMegabyte: 250, cpuMs: () => cpu, now: () => cpu + other }
  const ruleSet = ruleSetOf(loadRuleTexts([{ file: 'test.yml', text: RULES }]), undefined, budget)
  let sequence = 0
  const event = (costs: number, waits = 0): StoredEvent => {
    sequence += 1
    const doc: JsonObject = Object.defineProperty({ f: 1, user: `u${sequence}` }, 'slow', {
      enumerable: true,
      get: () => {
        cpu += costs
        other += waits
        return `s${sequence}`
      },
    })
    const place = { scope: 'default', source: 's', parser: 'p', writer: 'w', sequence, index: 0 }
    return { ...place, observed: sequence * 120_000, received: sequence * 120_000, id: `e${sequence}`, doc }
  }
  return {
    ruleSet,
    events: (count: number, costs: number, waits = 0) => Array.from({ length: count }, () => event(costs, waits)),
  }
}

it('a correlation that uses up its time is quarantined and named; the others hear every event', () => {
  const { ruleSet, events } = withClock()
  const batch = events(200, 50)
  const fired = ruleSet.run(batch, true).map(({ rule }) => rule.id)
  expect(fired.filter((id) => id === 'quick')).toHaveLength(200)
  // A turn of 21 shows that it is slow; the next one shows which of them is, with its eleventh event.
  expect(fired.filter((id) => id === 'higher')).toHaveLength(32)
  const [one, ...others] = ruleSet.takeQuarantined()
  expect(others).toEqual([])
  expect(one).toMatchObject({ rule: { id: 'slow' }, tookMs: 550, budgetMs: 500, events: 11, event: batch[21]!.id })
  expect(ruleSet.standingOn('slow')).toEqual(['higher'])
  expect(ruleSet.all.map(({ id }) => id)).toContain('slow')
  expect([ruleSet.release('slow'), ruleSet.release('slow')]).toEqual([true, false])
  expect(ruleSet.run(events(1, 1), true).map(({ rule }) => rule.id)).toContain('higher')
})

it('a correlation is left out from the beginning when it was quarantined before', () => {
  const { ruleSet, events } = withClock()
  ruleSet.withhold(['slow'])
  const fired = ruleSet.run(events(5, 5_000), true).map(({ rule }) => rule.id)
  expect(fired.filter((id) => id !== 'base')).toEqual(['quick', 'quick', 'quick', 'quick', 'quick'])
  expect(ruleSet.takeQuarantined()).toEqual([])
})

it('a correlation is not to blame for other programs on the machine, nor for a turn that stays within its time', () => {
  const { ruleSet, events } = withClock()
  ruleSet.run(events(200, 1, 100), true)
  ruleSet.run(events(640, 7), true)
  expect(ruleSet.takeQuarantined()).toEqual([])
})
