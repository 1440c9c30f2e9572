import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BehaviourTables } from '../../detect/behaviour/tables.ts'
import type { DetectTables } from '../../detect/tables.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { type PipelineBed, type Run, startPipelineBed } from './testing/pipeline-bed.ts'

const DAY = 86_400_000
const MONTH_AGO = Math.floor(Date.now() / DAY) - 30
/** 09:00 UTC on the Monday before: a weekend is compared with weekends, of which there are too few here. */
const START = (MONTH_AGO - ((MONTH_AGO + 3) % 7)) * DAY + 9 * 3_600_000

let bed: PipelineBed
beforeAll(async () => {
  bed = await startPipelineBed()
}, 60_000)
afterAll(() => bed.stop())

function failures(day: number, count: number): JsonObject[] {
  return Array.from({ length: count }, (_, n) => ({
    _id: `${day}-${n}`,
    '@timestamp': new Date(START + day * DAY + n * 1000).toISOString(),
    event: { category: ['authentication'], type: ['start'], outcome: 'failure' },
    user: { name: 'ann' },
    host: { name: 'ws-1' },
    labels: { asset_criticality: 'critical' },
    message: 'refused',
  }))
}

async function days(run: Run, from: number, to: number): Promise<void> {
  await run.send(Array.from({ length: to - from }, (_, n) => failures(from + n, 4 + ((from + n) % 3))).flat())
  await run.detector.idle()
}

it('learns over restarts and a crash, and raises an alert by the ordinary path', async () => {
  const first = await bed.start()
  await days(first, 0, 8)
  first.drop()
  first.behaviour.keep()
  expect(await first.behaviour.flush((work) => bed.state.transaction(work))).toBe(true)

  // A crash: what this one learned is nowhere but in the lake.
  const second = await bed.start()
  expect(second.behaviour.checkpoint).toBeGreaterThan(0)
  await days(second, 8, 14)
  second.drop()

  const third = await bed.start()
  expect(third.behaviour.checkpoint).toBe(second.behaviour.checkpoint)
  await third.send(failures(14, 400))
  await third.detector.idle()
  expect([...first.failures, ...second.failures, ...third.failures]).toEqual([])
  const alerts = await bed.state
    .tables<DetectTables>()
    .selectFrom('detect_alerts')
    .selectAll()
    .where('rule_id', 'like', 'kanpeki-behaviour-%')
    .execute()
  const ann = alerts.filter(({ entity_kind }) => entity_kind === 'user')
  expect(ann).toHaveLength(1)
  expect(ann[0]!.detail).toMatch(/failed sign-ins a day: usually 4–6 a day, today \d{3}/)
  const host = alerts.find(({ entity_kind }) => entity_kind === 'host')
  expect(host?.criticality).toBe('critical')
  third.drop()
}, 60_000)

it('learns what a crash left in the lake, also where a request that came again used no number', async () => {
  const other = await startPipelineBed()
  try {
    const signIn = (name: string): JsonObject => ({
      message: 'signed in',
      event: { category: ['authentication'], outcome: 'success' },
      user: { name },
    })
    const first = await other.start()
    await first.send([signIn('ann')])
    await first.send([signIn('ann')])
    await first.detector.idle()
    first.behaviour.keep()
    await first.behaviour.flush((work) => other.state.transaction(work))
    // Between the lake and the rules.
    first.drop()
    await first.send([signIn('bob')])
    const second = await other.start()
    await second.detector.idle()
    second.behaviour.keep()
    await second.behaviour.flush((work) => other.state.transaction(work))
    const known = await other.state.tables<BehaviourTables>().selectFrom('detect_behaviour').select('name').execute()
    expect(known.map(({ name }) => name).sort()).toEqual(['ann', 'bob'])
  } finally {
    await other.stop()
  }
}, 60_000)
