import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alertQueue } from '../detect/alerts-queue.ts'
import { loadRuleSet } from '../detect/rule-set.ts'
import { loadScenarios, readScenario, type Scenario } from '../detect/scenarios/load.ts'
import { provenScenarios } from '../detect/scenarios/proofs.ts'
import { queueQuery } from '../detect/schema.ts'
import type { DetectTables } from '../detect/tables.ts'
import { DEFAULT_SCOPE, SELFTEST_SCOPE } from '../kernel/event.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'
import { readOutbox } from '../platform/state/outbox.ts'
import type { Pipeline } from './pipeline/client.ts'
import { takeBody } from './pipeline/take-body.ts'
import { type PipelineBed, type Run, startPipelineBed, WRITER } from './pipeline/testing/pipeline-bed.ts'
import { CONTENT } from './places.ts'
import { type Selftest, startSelftest } from './selftest.ts'

const shipped = loadScenarios([join(CONTENT, 'scenarios')]).scenarios
const rules = loadRuleSet([join(CONTENT, 'detections')], (file) => file.replace(CONTENT, ''))
const CHOSEN = ['linux-firewall-flushed', 'azure-password-spray', 'web-forged-token', 'dns-zone-transfer-asked']

function shippedOne(id: string): Scenario {
  const found = shipped.find((scenario) => scenario.id === id)
  if (found === undefined) throw new Error(`no scenario ${id}`)
  return found
}

function changed(id: string, change: (text: string) => string): Scenario {
  const read = readScenario(change(shippedOne(id).text), id)
  if (typeof read === 'string') throw new Error(read)
  return read
}

/** The attack sends what the near miss sends, and the other way round. */
function turned(id: string): Scenario {
  const { nearMisses, attack, ...rest } = shippedOne(id)
  return { ...rest, attack: nearMisses[0]!.send, nearMisses: [{ title: rest.title, send: attack }] }
}

describe('scenarios through the real writer, lake, rules and state', () => {
  let bed: PipelineBed
  let run: Run
  let selftest: Selftest
  let ahead = 0
  let scenarios: readonly Scenario[] = CHOSEN.map(shippedOne)
  beforeAll(async () => {
    bed = await startPipelineBed()
    run = await bed.start()
    const ask = async (request: { kind: string; body: Parameters<typeof takeBody>[1] }): Promise<unknown> =>
      await takeBody(run.writer, request.body)
    selftest = startSelftest({
      state: bed.state,
      lake: bed.lake,
      pipeline: { ask, stop: async () => {} } as unknown as Pipeline,
      clock: { now: () => Date.now() + ahead },
      log: { info: () => {}, warn: () => {}, error: () => {} } as never,
      drainer: { poke: () => {} } as never,
      rules: { loaded: rules.rules, refused: [], silent: [] },
      startedAt: Date.now(),
      scenarios: () => ({ scenarios, refused: [] }),
      writer: WRITER,
      every: 3_600_000,
      zoneMinutes: 540,
      done: () => {},
    })
  }, 60_000)
  afterAll(async () => {
    await selftest.stop()
    run.drop()
    await bed.stop()
  })

  it('pass, leave one leaf each, and touch nothing that people look at', async () => {
    const report = await selftest.execute(undefined)
    expect(report.results.map(({ scenario, result }) => [scenario, result])).toEqual(CHOSEN.map((id) => [id, 'passed']))
    const entries = (await readOutbox(bed.state.tables(), 0, 1_000)).filter(({ type }) => type === 'scenario')
    expect(entries).toHaveLength(CHOSEN.length)
    expect(entries[0]?.body).toMatchObject({
      action: 'execute',
      scenario: CHOSEN[0],
      result: 'passed',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      rules: [{ rule: expect.any(String), version: expect.any(String) }],
    })
    const queue = await alertQueue(
      bed.state.scoped<DetectTables>(DEFAULT_SCOPE),
      queueQuery.parse({ state: 'all' }),
      'sato',
      Date.now(),
    )
    expect(queue.totals.alerts).toBe(0)
    const everything = { kind: 'all' } as const
    expect(await bed.lake.count({ scope: DEFAULT_SCOPE, query: everything })).toBe(0)
    const marked = parseQuery(`labels.kanpeki_scenario:${CHOSEN[0]}`)
    expect(await bed.lake.count({ scope: SELFTEST_SCOPE, query: marked })).toBe(2)
  })

  it('pass again at once: no run meets the windows of another', async () => {
    const { totals } = await selftest.execute([CHOSEN[1]!])
    expect(totals).toMatchObject({ scenarios: 1, passed: 1 })
  })

  it('fail where the attack is missed or a near miss is taken for one, and prove nothing without their rule', async () => {
    scenarios = [
      turned('linux-firewall-flushed'),
      changed('web-forged-token', (text) => text.replace('rules: [web/forged-token]', 'rules: [web/forged-token, web/no-such]')),
    ]
    ahead += 60_000
    const [missed, without] = (await selftest.execute(undefined)).results
    expect(missed).toMatchObject({ result: 'failed', silent: ['linux/firewall-flushed'], loud: [{ nearMiss: 0 }] })
    expect(without).toMatchObject({ result: 'unknown', notLoaded: ['web/no-such'] })
    scenarios = CHOSEN.map(shippedOne)
  })

  it('count only for the rule and the scenario that were executed', async () => {
    ahead += 60_000
    const { run: id } = await selftest.execute(undefined)
    expect((await selftest.execute(undefined)).run, 'everything at once again').toBe(id)
    const states = async (loaded: typeof rules.rules, all = scenarios) =>
      (await provenScenarios(bed.state.tables(), all, loaded, Date.now() + ahead + 1)).map(({ state }) => state)
    expect(await states(rules.rules)).toEqual(['passed', 'passed', 'passed', 'passed'])
    const edited = rules.rules.map((rule) => (rule.file.endsWith('forged-token.yml') ? { ...rule, version: 'another' } : rule))
    expect(await states(edited)).toEqual(['passed', 'passed', 'stale', 'passed'])
    const other = changed('dns-zone-transfer-asked', (text) => `${text}# changed\n`)
    expect(await states(rules.rules, [other, shippedOne('web-sql-injection')])).toEqual(['stale', 'never'])
  })

  it('are executed by name only if there is one of that name', async () => {
    await expect(selftest.execute(['no-such'])).rejects.toMatchObject({ code: 'not_found' })
  })
})
