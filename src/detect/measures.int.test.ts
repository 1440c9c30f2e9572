import { beforeEach, expect, it } from 'vitest'
import type { Detection, Level } from '../kernel/detection.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Reading } from '../kernel/measure.ts'
import { scopedTo } from '../platform/state/scope.ts'
import type { State } from '../platform/state/state.ts'
import { describeStates } from '../platform/testing/states.ts'
import { recordDetections } from './alerts.ts'
import { loadAttack } from './coverage-attack.ts'
import { detectMeasures } from './measures.ts'
import { migrations } from './migrations.ts'
import { judge as judgeScenario } from './scenarios/judge.ts'
import type { Scenario } from './scenarios/load.ts'
import { recordRun } from './scenarios/record.ts'
import type { Verdict } from './schema.ts'
import { giveVerdict } from './verdicts.ts'

const T0 = Date.UTC(2026, 10, 22)
const HOUR = 3_600_000
const attack = loadAttack()

function detection(id: string, level: Level, delaySeconds: number, raised: number): Detection {
  return {
    rule: {
      id,
      version: 'v1',
      title: id,
      level,
      file: id,
      description: '',
      techniques: [id === 'shell' ? 'T1505.003' : 'T1110.004'],
      tactics: [],
    },
    eventIds: [`${id}-${raised}-${delaySeconds}`],
    eventCount: 1,
    fields: {},
    group: { 'host.name': `${id}-${delaySeconds}` },
    observed: raised - delaySeconds * 1000,
    received: raised - delaySeconds * 1000,
    scope: 'default',
  }
}

const shellRule = detection('shell', 'high', 1, T0).rule
const loginRule = detection('login', 'high', 1, T0).rule
const scenarios: readonly Scenario[] = ['shell', 'login'].map((id) => ({
  id,
  title: { en: id, ja: id },
  platform: 'linux',
  techniques: id === 'shell' ? ['T1505.003'] : ['T1110.004'],
  rules: [id],
  attack: [{ wire: 'syslog', raw: 'x', after: 0, repeat: 1, every: 1 }],
  nearMisses: [{ title: { en: 'n', ja: 'n' }, send: [{ wire: 'syslog', raw: 'y', after: 0, repeat: 1, every: 1 }] }],
  sha256: id,
  text: '',
}))

describeStates('detect measures', (bed) => {
  let state: State
  beforeEach(async () => {
    state = await bed.open(migrations)
  })
  const measures = () => detectMeasures({ state, attack, rules: () => [shellRule, loginRule], scenarios: () => scenarios })
  const read = (id: string, params: JsonObject, to = T0 + 24 * HOUR): Promise<Reading> => {
    const measure = measures().find((one) => one.id === id)
    if (measure === undefined) throw new Error(`no measure ${id}`)
    expect(measure.check?.(params)).toBeUndefined()
    return measure.measure(params, T0, to, 'default')
  }
  const raise = async (detections: Detection[], now: number) =>
    (await state.transaction((trx) => recordDetections(trx, detections, now))).raised.map((alert) => alert.id)
  const judge = (ids: string[], verdict: Verdict, now: number) =>
    state.transaction<never, unknown>((trx) =>
      giveVerdict(scopedTo(trx, 'default'), ids, verdict, '', { id: 'u', name: 'u' }, now),
    )

  it('says unknown, never zero, where there is nothing to measure', async () => {
    const all = measures()
    for (const { id } of all) {
      if (id === 'detect.attack-coverage') continue
      expect(await read(id, {}), id).toMatchObject({ value: null, missing: { en: expect.any(String), ja: expect.any(String) } })
    }
    expect(await read('detect.attack-coverage', {})).toMatchObject({ value: 0, good: 0, unknown: attack.core.techniques.length })
    expect(await read('detect.attack-coverage', { set: 'rules' })).toMatchObject({ value: 0 })
    expect(all).toHaveLength(5)
  })

  it('covers a technique only by an execution inside the window that passed', async () => {
    const params = { techniques: ['T1505', 'T1110.004', 'T1486', 'T1070'] }
    const execute = async (names: readonly string[], run: string, spoke: readonly string[], now: number) => {
      const executed = scenarios
        .filter(({ id }) => names.includes(id))
        .map((scenario) => ({
          scenario,
          ...judgeScenario(
            { scenario, prefixes: ['a', 'b'], records: 2 },
            [shellRule, loginRule],
            spoke.map((rule) => ({ rule, version: 'v1', title: rule, titleJa: rule, alert: rule, eventIds: ['a-0'] })),
          ),
        }))
      await state.transaction((trx) => recordRun(trx, run, executed, now))
    }
    // An alert that nobody provoked proves nothing.
    await raise([detection('shell', 'high', 1, T0 + HOUR)], T0 + HOUR)
    expect(await read('detect.attack-coverage', params)).toMatchObject({ value: 0, unknown: 4 })
    await execute(['shell'], 'r1', ['shell'], T0 + HOUR)
    expect(await read('detect.attack-coverage', params)).toMatchObject({ value: 25, good: 1, unknown: 3 })
    expect(await read('detect.attack-coverage', params, T0 + HOUR)).toMatchObject({ value: 0 })
    await execute(['login'], 'r2', [], T0 + 2 * HOUR)
    expect(await read('detect.attack-coverage', params)).toMatchObject({
      value: 25,
      bad: 1,
      evidence: { failed: ['T1110.004'], notProven: ['T1070', 'T1486'] },
    })
    await execute(['login'], 'r3', ['login'], T0 + 3 * HOUR)
    expect(await read('detect.attack-coverage', params)).toMatchObject({ value: 50, good: 2, bad: 0 })
    // The last execution counts, not the best one.
    await execute(['shell', 'login'], 'r4', ['login'], T0 + 4 * HOUR)
    expect(await read('detect.attack-coverage', params)).toMatchObject({ value: 25, good: 1, bad: 1 })
  })

  it('measures delay by mean, percentiles and maximum', async () => {
    const delays = Array.from({ length: 20 }, (_, n) => detection(`r${n}`, n < 10 ? 'critical' : 'low', n + 1, T0 + HOUR))
    await raise(delays, T0 + HOUR)
    const cases: readonly (readonly [JsonObject, number])[] = [
      [{}, 19],
      [{ statistic: 'p95' }, 19],
      [{ statistic: 'p50' }, 10],
      [{ statistic: 'mean' }, 10.5],
      [{ statistic: 'max' }, 20],
      [{ statistic: 'max', severity: [1] }, 10],
      [{ statistic: 'max', since: 'observed' }, 20],
    ]
    for (const [params, value] of cases)
      expect((await read('detect.alert-delay', params)).value, JSON.stringify(params)).toBe(value)
  })

  it('counts a P1 alert that nobody judged in time as imprecise', async () => {
    const ids = await raise(
      Array.from({ length: 5 }, (_, n) => detection(`p${n}`, 'critical', n, T0)),
      T0,
    )
    await judge(ids.slice(0, 3), 'true', T0 + HOUR)
    await judge(ids.slice(3, 4), 'expected', T0 + HOUR)
    expect(await read('detect.p1-precision', {}, T0 + 2 * HOUR)).toMatchObject({ value: 75, good: 3, bad: 1, unknown: 0 })
    expect(await read('detect.p1-precision', {}, T0 + 25 * HOUR)).toMatchObject({ value: 60, unknown: 1 })
    expect(await read('detect.time-to-verdict', { statistic: 'p50' }, T0 + 2 * HOUR)).toMatchObject({ value: 3600 })
    expect(await read('detect.time-to-verdict', { statistic: 'max' }, T0 + 2 * HOUR)).toMatchObject({ value: 7200 })
    expect(await read('detect.time-to-acknowledge', { statistic: 'max' }, T0 + 3 * HOUR)).toMatchObject({ value: 10_800 })
  })

  it('refuses parameters that make no sense', () => {
    const refused: readonly (readonly [string, JsonObject, RegExp])[] = [
      ['detect.attack-coverage', { set: 'most' }, /set must be/],
      ['detect.attack-coverage', { techniques: ['T9999'] }, /T9999/],
      ['detect.attack-coverage', { techniques: [] }, /list/],
      ['detect.attack-coverage', { sets: 'core' }, /no parameter sets/],
      ['detect.alert-delay', { statistic: 'p99' }, /statistic/],
      ['detect.alert-delay', { severity: 'high' }, /severity/],
      ['detect.alert-delay', { since: 'yesterday' }, /since/],
      ['detect.p1-precision', { judgeWithin: 'soon' }, /judgeWithin/],
    ]
    for (const [id, params, words] of refused) {
      expect(
        measures()
          .find((one) => one.id === id)
          ?.check?.(params),
        JSON.stringify(params),
      ).toMatch(words)
    }
    expect(refused.length).toBe(8)
  })
})
