import { beforeEach, expect, it } from 'vitest'
import type { Detection, Level } from '../../kernel/detection.ts'
import type { State } from '../../platform/state/state.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { recordDetections } from '../alerts.ts'
import { alertDetail } from '../alerts-detail.ts'
import { migrations } from '../migrations.ts'
import type { AlertSummary, Verdict } from '../schema.ts'
import type { DetectTables } from '../tables.ts'
import { giveVerdict } from '../verdicts.ts'
import { RISK_RULE } from './entity-risk.ts'
import { confidenceOf, HALF_LIFE_MS, pointsOf, type Weighed } from './weigh.ts'

const T0 = Date.UTC(2026, 10, 22, 5)
const DAY = 86_400_000
const plain: Weighed = { severity: 2, criticality: null, confidence: 0.7, verdict: null, last: T0 }

it.each([
  ['as it stands', plain, 0, T0, 21],
  ['a critical asset', { ...plain, criticality: 'critical' as const }, 0, T0, 42],
  ['one that hardly matters', { ...plain, criticality: 'low' as const }, 0, T0, 12.6],
  ['found true', { ...plain, verdict: 'true' as const }, 0, T0, 30],
  ['found false', { ...plain, verdict: 'false' as const }, 0, T0, 0],
  ['expected', { ...plain, verdict: 'expected' as const }, 0, T0, 0],
  ['escalated', { ...plain, verdict: 'escalated' as const }, 0, T0, 21],
  ['the third of its kind', plain, 2, T0, 5.25],
  ['after a half-life', plain, 0, T0 + HALF_LIFE_MS, 10.5],
  ['an event from the future', plain, 0, T0 - DAY, 21],
])('weighs %s', (_, alert, nth, now, points) => {
  expect(pointsOf(alert, nth, now).points).toBeCloseTo(points, 10)
})

it('trusts a rule by its verdicts, slowly', () => {
  const of = (right: number, judged: number): number => Math.round(confidenceOf({ right, judged }) * 100) / 100
  expect([of(0, 0), of(1, 1), of(0, 1), of(20, 20), of(0, 20)]).toEqual([0.7, 0.76, 0.56, 0.95, 0.12])
})

let serial = 0
function detection(rule: string, level: Level, host = 'web-03', at = 0): Detection {
  serial += 1
  return {
    rule: { id: rule, version: '1', title: rule, level, file: 'r.yml', description: '', techniques: ['T1110'], tactics: [] },
    eventIds: [`${host}-${serial}`],
    eventCount: 1,
    fields: {},
    group: { 'host.name': host },
    observed: T0 + at,
    received: T0 + at,
    scope: 'default',
  }
}

describeStates('risk of an entity', ({ open }) => {
  let state: State
  beforeEach(async () => {
    state = await open(migrations)
  })
  const record = async (detections: Detection[], now = T0, criticality = 'critical'): Promise<readonly AlertSummary[]> => {
    const docOf = () => ({ labels: { asset_criticality: criticality } })
    return (await state.transaction((trx) => recordDetections(trx, detections, now, docOf))).raised
  }
  const judge = (id: string, verdict: Verdict, now: number) =>
    state.transaction<never, unknown>((trx) => giveVerdict(trx, [id], verdict, '', { id: 'a', name: 'a' }, now))
  const minor = (count: number, host = 'web-03', at = 0) =>
    Array.from({ length: count }, (_, n) => detection(`m${n}`, 'medium', host, at))

  it('raises one alert when findings that nobody would wake up for add up, and again only for new ones', async () => {
    // 12 points × 2 (critical asset) × 0.7 = 16.8 each: six of them are 100.8.
    expect((await record(minor(5))).map((alert) => alert.rule.id)).not.toContain(RISK_RULE)
    const risen = (await record([detection('m5', 'medium')])).find((alert) => alert.rule.id === RISK_RULE)
    expect(risen).toMatchObject({ severity: 2, entity: { kind: 'host', name: 'web-03' }, techniques: [], eventCount: 6 })
    const tables = state.scoped<DetectTables>('default')
    const deps = { entityTimeline: async () => Promise.reject(new Error('none')), ledgerIndexes: async () => new Map() }
    const detail = await alertDetail(tables, risen!.id, deps, T0)
    expect(detail.risk).toMatchObject({ points: 100.8, threshold: 100, halfLifeDays: 3, otherParts: 0 })
    expect(detail.risk.parts[0]).toMatchObject({ severityPoints: 12, criticalityFactor: 2, confidence: 0.7, points: 16.8 })
    expect(detail.fields).toMatchObject({ 'risk.points': 101, 'risk.threshold': 100 })

    expect(await record([detection('m6', 'medium')])).toHaveLength(1)
    await judge(risen!.id, 'expected', T0 + 1)
    expect(await record([detection('m7', 'medium', 'web-03', 1000)], T0 + 1000)).toHaveLength(1)
    const again = await record(minor(6, 'web-03', 2 * 3_600_000), T0 + 2 * 3_600_000)
    expect(again.filter((alert) => alert.rule.id === RISK_RULE)).toHaveLength(1)
  })

  it('raises nothing for one rule alone, for what is old, for others’ findings, or where something grave waits', async () => {
    const one = Array.from({ length: 30 }, (_, n) => detection('m0', 'medium', 'a', n * 2 * 3_600_000))
    expect(await risks(record(one, T0 + 60 * 3_600_000))).toBe(0)
    expect(await risks(record(minor(8, 'b'), T0 + 30 * DAY))).toBe(0)
    expect(await risks(record([...minor(3, 'c'), ...minor(3, 'd')]))).toBe(0)
    expect(await risks(record([...minor(8, 'e'), detection('grave', 'critical', 'e')]))).toBe(0)
    expect(await risks(record(minor(8, 'f'), T0, 'low'))).toBe(0)
    expect(await risks(record(minor(8, 'g')))).toBe(1)
  })

  const risks = async (raised: Promise<readonly AlertSummary[]>): Promise<number> =>
    (await raised).filter((alert) => alert.rule.id === RISK_RULE).length
})
