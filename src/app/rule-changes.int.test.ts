import { expect, it } from 'vitest'
import type { RuleInfo } from '../kernel/detection.ts'
import { readOutbox } from '../platform/state/outbox.ts'
import { describeStates } from '../platform/testing/states.ts'
import { recordRuleChanges } from './rule-changes.ts'

const rule = (id: string, version: string): RuleInfo => ({
  id,
  version,
  title: `Rule ${id}`,
  level: 'high',
  file: `${id}.yml`,
  description: '',
  techniques: [],
  tactics: [],
})
const clock = { now: () => Date.UTC(2026, 10, 22) }

describeStates('changes of rules', (bed) => {
  it('are recorded once each: what came, changed and went', async () => {
    const state = await bed.open([], clock)
    expect(await recordRuleChanges(state, [rule('a', '1'), rule('b', '1')], clock)).toBe(1)
    expect(await recordRuleChanges(state, [rule('b', '1'), rule('a', '1')], clock)).toBe(0)
    expect(await recordRuleChanges(state, [rule('a', '2'), rule('c', '1')], clock)).toBe(3)
    expect(await recordRuleChanges(state, [rule('a', '2'), rule('c', '1')], clock)).toBe(0)
    const bodies = (await readOutbox(state.tables(), 0, 10)).map((entry) => entry.body)
    expect(bodies).toEqual([
      { action: 'first-start', rules: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { action: 'change', rule: 'a', version: '2', before: '1', title: 'Rule a', file: 'a.yml' },
      { action: 'add', rule: 'c', version: '1', title: 'Rule c', file: 'c.yml' },
      { action: 'remove', rule: 'b', version: '1' },
    ])
  })
})
