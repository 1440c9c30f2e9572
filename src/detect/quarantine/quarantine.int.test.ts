import { beforeEach, expect, it } from 'vitest'
import { readOutbox } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { loadRuleTexts } from '../engines/sigma/load/load.ts'
import { migrations } from '../migrations.ts'
import { type RuleSet, ruleSetOf } from '../rule-set.ts'
import { openQuarantine } from './quarantine.ts'
import type { QuarantineTables } from './tables.ts'

const NOW = Date.UTC(2026, 10, 22, 5)

const rules = (value: string): RuleSet =>
  ruleSetOf(
    loadRuleTexts([
      {
        file: 'slow.yml',
        text: `title: Slow
id: slow
logsource: {product: test}
detection: {sel: {f: ${value}}, condition: sel}
---
title: Many
id: many
correlation: {type: event_count, rules: [slow], timespan: 1m, condition: {gte: 2}}
`,
      },
    ]),
  )
const quarantined = (ruleSet: RuleSet) => ({
  rule: ruleSet.all.find(({ id }) => id === 'slow')!,
  tookMs: 1500,
  budgetMs: 500,
  events: 64,
  event: 'e7',
})

describeStates('the quarantine', ({ open }) => {
  let state: State
  beforeEach(async () => {
    state = await open(migrations)
  })

  const put = async (ruleSet: RuleSet) => {
    const quarantine = await openQuarantine(state, ruleSet)
    await state.transaction<QuarantineTables, void>((trx) => quarantine.record(trx, [quarantined(ruleSet)], NOW))
    return quarantine
  }
  const evidence = async () => (await readOutbox(state.tables(), 0, 10)).map(({ body }) => body)

  it('names the rule, with evidence and with what is silent without it', async () => {
    const quarantine = await put(rules('x'))
    expect(quarantine.refusals()).toEqual([
      expect.objectContaining({
        file: 'slow.yml',
        code: 'quarantined',
        reason: expect.stringMatching(/1500 ms.*64 events.*500 ms.*e7.*many/s),
      }),
    ])
    expect([...quarantine.silent()]).toEqual(['slow', 'many'])
    expect(await evidence()).toEqual([
      expect.objectContaining({ action: 'quarantine', rule: 'slow', tookMs: 1500, event: 'e7', silenced: ['many'] }),
    ])
  })

  it('holds over a restart, until the rule changes', async () => {
    await put(rules('x'))
    const again = await openQuarantine(state, rules('x'))
    expect(again.refusals()).toHaveLength(1)
    const changed = await openQuarantine(state, rules('y'))
    expect(changed.refusals()).toEqual([])
    expect((await openQuarantine(state, rules('x'))).refusals()).toEqual([])
  })

  it('lets a rule go when somebody says so, and says who', async () => {
    const quarantine = await put(rules('x'))
    const by = { id: 'u1', name: 'Sato' }
    expect([await quarantine.release('slow', by, NOW + 1), await quarantine.release('slow', by, NOW + 2)]).toEqual([true, false])
    expect(quarantine.refusals()).toEqual([])
    expect((await evidence()).at(-1)).toMatchObject({ action: 'release', rule: 'slow', by })
    expect((await openQuarantine(state, rules('x'))).refusals()).toEqual([])
  })
})
