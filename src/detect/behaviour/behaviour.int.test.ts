import { beforeEach, expect, it } from 'vitest'
import type { Detection } from '../../kernel/detection.ts'
import type { StoredEvent } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { State } from '../../platform/state/state.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { recordDetections } from '../alerts.ts'
import { FEATURE_IDS } from '../engines/behaviour/explain.ts'
import { HOURS_FEATURE, TRAVEL_FEATURE, VALUE_FEATURES, VOLUME_FEATURES } from '../engines/behaviour/features.ts'
import { migrations } from '../migrations.ts'
import type { DetectTables } from '../tables.ts'
import { readStates } from './queries.ts'
import { behaviourRoutes } from './routes.ts'
import { BEHAVIOUR_FEATURES, type BehaviourStatus, behaviourStatus, type EntityProfile, entityProfile } from './schema.ts'
import { type Behaviour, openBehaviour } from './store.ts'
import type { BehaviourTables } from './tables.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 2, 2, 9)
const WRITER = 'w1'

let serial = 0
function batch(sequence: number, at: number, docs: readonly JsonObject[], scope = 'default'): StoredEvent[] {
  return docs.map((doc, index) => {
    serial++
    return {
      id: `e${serial}`,
      scope,
      source: 's',
      parser: 'p',
      writer: WRITER,
      sequence,
      index,
      observed: at + index * 1000,
      received: at,
      doc,
    }
  })
}

const failed = (user: string): JsonObject => ({
  event: { category: ['authentication'], outcome: 'failure' },
  user: { name: user },
  host: { name: 'WS-1' },
})

/** A batch a day: five failures of ann's each. */
const days = (count: number, first = 1): StoredEvent[][] =>
  Array.from({ length: count }, (_, n) =>
    batch(
      first + n,
      START + (first + n - 1) * DAY,
      Array.from({ length: 5 }, () => failed('Ann')),
    ),
  )

it('every feature has a name, in the engine and for the console', () => {
  const reach = [...VALUE_FEATURES, ...Object.values(HOURS_FEATURE)].flatMap((feature) => feature.reach ?? [])
  const all = [...VALUE_FEATURES, ...reach, ...VOLUME_FEATURES, ...Object.values(HOURS_FEATURE)]
    .map(({ id }) => id)
    .concat(TRAVEL_FEATURE)
  expect([...BEHAVIOUR_FEATURES].sort()).toEqual(all.toSorted())
  expect(FEATURE_IDS.toSorted()).toEqual(all.toSorted())
})

describeStates('behaviour kept in the state store', ({ open }) => {
  let state: State
  const opened = (fresh = 0) => openBehaviour(state.tables<BehaviourTables>(), WRITER, fresh)
  const see = (behaviour: Behaviour, batches: readonly StoredEvent[][], emit = true): Detection[] =>
    batches.flatMap((events) => {
      const found = behaviour.run(events, emit)
      behaviour.saw(events[0]!.sequence)
      return found
    })
  const keep = async (behaviour: Behaviour): Promise<boolean> => {
    behaviour.keep()
    return await behaviour.flush((work) => state.transaction(work))
  }
  const ask = async (path: string, params: object, now: number, scope = 'default'): Promise<unknown> => {
    const found = behaviourRoutes({ state, clock: { now: () => now } }).find((one) => one.path === path)!
    return await found.handle({ params, caller: { scope } } as never)
  }
  beforeEach(async () => {
    state = await open(migrations)
  })

  it('goes on after a restart, reads nothing twice, and tells by the ordinary path', async () => {
    const first = await opened()
    expect(first.checkpoint).toBe(0)
    expect(see(first, days(10))).toEqual([])
    expect(await keep(first)).toBe(true)
    expect(await keep(first)).toBe(false)

    const second = await opened()
    expect(second.checkpoint).toBe(10)
    // The detector reads back further than this needs, and not up to the end.
    see(second, days(10), false)
    see(second, days(3, 11), false)
    const detections = see(second, [
      batch(
        14,
        START + 14 * DAY,
        Array.from({ length: 300 }, () => failed('ann')),
      ),
    ])
    expect(detections.length).toBeGreaterThan(0)
    const texts = detections.at(-1)!.conditions!.map(({ text }) => text)
    expect(texts).toContainEqual(expect.stringMatching(/^failed sign-ins a day: usually 5 a day, today \d+$/))

    await state.transaction((trx) => recordDetections(trx, detections, START + 14 * DAY))
    const alerts = await state.tables<DetectTables>().selectFrom('detect_alerts').selectAll().execute()
    expect(alerts.map(({ rule_id, entity_kind, entity_name }) => [rule_id, entity_kind, entity_name]).sort()).toEqual([
      ['kanpeki-behaviour-host', 'host', 'ws-1'],
      ['kanpeki-behaviour-user', 'user', 'ann'],
    ])
    // The figures are those of the latest finding, not of the first that passed the bar.
    const detail = JSON.parse(alerts.find(({ entity_kind }) => entity_kind === 'user')!.detail) as { readonly fields: JsonObject }
    expect(detections.filter(({ group }) => group['user.name'] === 'ann').length).toBeGreaterThan(1)
    const last = detections.findLast(({ group }) => group['user.name'] === 'ann')!
    expect(detail.fields['behaviour.signals']).toEqual(last.fields['behaviour.signals'])
  })

  it('begins where the pipeline is, and a write that fails is tried again with the same rows', async () => {
    const behaviour = await opened(40)
    expect(behaviour.checkpoint).toBe(40)
    expect(see(behaviour, days(1, 40))).toEqual([])
    see(behaviour, days(2, 41))
    behaviour.keep()
    await expect(behaviour.flush(async () => Promise.reject(new Error('full')))).rejects.toThrow('full')
    see(behaviour, days(1, 43))
    expect(await behaviour.flush((work) => state.transaction(work))).toBe(true)
    expect((await readStates(state.tables<BehaviourTables>())).map(({ sequence, entities }) => [sequence, entities])).toEqual([
      [42, 2],
    ])
    // It is how things were at that batch, not how they are by now.
    const dayOf = async (): Promise<number> => {
      const { profile } = await state
        .tables<BehaviourTables>()
        .selectFrom('detect_behaviour')
        .select('profile')
        .executeTakeFirstOrThrow()
      return (JSON.parse(profile) as { readonly day: number }).day
    }
    expect(await dayOf()).toBe(Math.floor((START + 41 * DAY) / DAY))
    expect(await keep(behaviour)).toBe(true)
    expect(await dayOf()).toBe(Math.floor((START + 42 * DAY) / DAY))
    expect((await opened()).checkpoint).toBe(43)
  })

  it('shows what is usual, what is odd and what it forgot, each scope its own', async () => {
    const behaviour = await opened()
    see(behaviour, days(12))
    see(behaviour, [
      batch(
        13,
        START + 14 * DAY,
        Array.from({ length: 60 }, () => failed('ann')),
      ),
    ])
    see(behaviour, [batch(14, START + 14 * DAY, [failed('other')], 'team-b')])
    await keep(behaviour)
    const now = START + 14 * DAY + 60_000
    const profile = entityProfile.parse(
      await ask('/api/v1/behaviour/:kind/:name', { kind: 'user', name: 'ANN' }, now),
    ) satisfies EntityProfile
    expect(profile).toMatchObject({ kind: 'user', name: 'ann', days: 12, learning: false })
    expect(profile.volumes).toContainEqual({
      feature: 'user-failures',
      unit: 'count',
      low: 5,
      high: 5,
      days: Array.from({ length: 12 }, () => 5),
      today: 60,
    })
    expect(profile.hours.working[9]).toBeGreaterThan(0.9)
    expect(profile.signals[0]).toMatchObject({ feature: 'user-failures', type: 'volume', low: 5, high: 5 })
    const status = behaviourStatus.parse(await ask('/api/v1/behaviour', {}, now)) satisfies BehaviourStatus
    expect(status).toMatchObject({ entities: 2, costs: { evicted: 0, forgotten: 0, late: 0 } })
    expect(status.odd.map(({ name }) => name)).toContain('ann')
    // It decays by half in twelve hours.
    const later = behaviourStatus.parse(await ask('/api/v1/behaviour', {}, now + DAY / 2))
    expect(later.odd[0]!.score / status.odd[0]!.score).toBeCloseTo(0.5, 1)
    expect(behaviourStatus.parse(await ask('/api/v1/behaviour', {}, now, 'team-b'))).toMatchObject({ entities: 2, odd: [] })
    await expect(ask('/api/v1/behaviour/:kind/:name', { kind: 'user', name: 'ann' }, now, 'team-b')).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('forgets a person on demand', async () => {
    const behaviour = await opened()
    see(behaviour, days(2))
    await keep(behaviour)
    behaviour.forget(undefined, (name) => name === 'ann')
    await keep(behaviour)
    const left = await state.tables<BehaviourTables>().selectFrom('detect_behaviour').select(['kind', 'name']).execute()
    expect(left).toEqual([{ kind: 'host', name: 'ws-1' }])
  })
})
