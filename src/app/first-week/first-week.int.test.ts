import { beforeEach, expect, it } from 'vitest'
import { readCard } from '../../declare/load.ts'
import { runEvaluation } from '../../declare/run.ts'
import type { DeclareTables } from '../../declare/tables.ts'
import { proposeCard, signCard } from '../../declare/versions.ts'
import type { Measure, Unit } from '../../kernel/measure.ts'
import type { Caller } from '../../platform/http/route.ts'
import type { State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { keepReview } from '../weekly/queries.ts'
import type { WeeklyTables } from '../weekly/tables.ts'
import { cardIdOf } from './draft.ts'
import { STARTERS } from './objectives.ts'
import { firstWeekRoutes } from './routes.ts'
import { chooseReply, type FirstWeekView, firstWeekView } from './schema.ts'

const T0 = Date.UTC(2026, 10, 22, 3)
const mori = testCaller({ id: 'u-mori', name: 'mori', account: 'u-mori', roles: ['administrator'] })
const sato = testCaller({ id: 'u-sato', name: 'sato', account: 'u-sato', roles: ['administrator', 'approver'] })

const UNITS: Readonly<Record<string, Unit>> = {
  'detect.alert-delay': 'seconds',
  'detect.attack-coverage': 'percent',
  'access.privileged-mfa': 'percent',
  'collect.silent-hosts': 'count',
  'collect.source-completeness': 'percent',
  'external.seconds': 'seconds',
  'external.days': 'days',
  'events.forbidden-count': 'count',
}

describeStates('the first week', ({ open }) => {
  let state: State
  let now: number
  let values: Record<string, number | null>
  const clock = { now: () => now }
  const measures = Object.entries(UNITS).map(
    ([id, unit]): Measure => ({
      id,
      unit,
      title: { en: id, ja: id },
      measure: async () => ({ value: values[id] ?? null, good: 1, bad: 0, unknown: 0, evidence: {}, missing: 'not yet' }),
    }),
  )
  beforeEach(async () => {
    now = T0
    values = {}
    state = await open(migrations)
  })
  const routes = () =>
    firstWeekRoutes({
      state,
      clock,
      measures: () => measures,
      ledgerIndexes: async (outbox) => new Map(outbox.map((seq) => [seq, seq - 1])),
      origin: () => 'https://kanpeki.example',
      changed: () => {},
    })
  const look = async (caller: Caller = mori): Promise<FirstWeekView> => {
    const found = routes().find(({ method }) => method === 'GET')!
    return firstWeekView.parse(await found.handle({ caller } as never))
  }
  const choose = async (body: object) => {
    const found = routes().find(({ method }) => method === 'POST')!
    return chooseReply.parse(await found.handle({ body: found.body!.parse(body), caller: mori } as never))
  }
  const done = async () => (await look()).steps.filter((step) => step.done).map(({ id }) => id)
  const BODY = {
    name: { en: 'Payment path', ja: '決済経路' },
    description: { en: 'From cart to receipt', ja: 'カートから領収書まで' },
    objectives: ['alert-delay', 'attack-paths', 'privileged-mfa', 'silent-hosts', 'sources-complete'],
  }

  it('goes from nothing to a worn badge, and no step is done before it is so', async () => {
    expect(await done()).toEqual([])
    expect((await look()).offered).toHaveLength(STARTERS.length)
    const { yaml, view } = await choose(BODY)
    expect(view.path).toMatchObject({ card: 'payment-path', by: 'mori' })
    expect(await done()).toEqual(['path'])
    const loaded = readCard(yaml, '', new Map(measures.map((one) => [one.id, one])))
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
    await state.transaction<DeclareTables, unknown>((trx) => proposeCard(trx, loaded, mori, now))
    await runEvaluation({ state, clock, measures })
    expect(await done()).toEqual(['path', 'card', 'triggers'])
    values = { 'detect.alert-delay': 30, 'detect.attack-coverage': 95, 'access.privileged-mfa': 100, 'collect.silent-hosts': 0 }
    now += 60_000
    await runEvaluation({ state, clock, measures })
    expect((await look()).steps.find(({ id }) => id === 'objectives')).toMatchObject({ done: false, count: 4, of: 5 })
    values = { ...values, 'collect.source-completeness': 100, 'events.forbidden-count': 0 }
    now += 60_000
    await runEvaluation({ state, clock, measures })
    expect(await done()).toEqual(['path', 'card', 'objectives', 'evidence', 'triggers'])
    const held = { scope: 'default', week: '2026-W47', held: now, by_name: 'mori', note: '', view: '{}', outbox: 0 }
    await keepReview(state.tables<WeeklyTables>(), held)
    // Whoever wrote the card does not sign it.
    const sign = (who: Caller) =>
      state.transaction<DeclareTables, void>((trx) => signCard(trx, 'payment-path', loaded.hash, who, now))
    await expect(sign(mori)).rejects.toMatchObject({ code: 'own_approval' })
    expect(await done()).not.toContain('seal')
    await sign(sato)
    await runEvaluation({ state, clock, measures })
    expect((await look()).steps.every((step) => step.done)).toBe(true)
    expect((await look()).card).toMatchObject({ id: 'payment-path', state: 'held' })
    now += 30 * 86_400_000
    expect(await done()).not.toContain('seal')
    expect((await look(testCaller({ scope: 'other' }))).steps.filter((step) => step.done).map(({ id }) => id)).toEqual([])
  })

  it('makes a card of every objective that is offered, and refuses none at all', async () => {
    const { yaml } = await choose({ ...BODY, objectives: STARTERS.map(({ id }) => id) })
    expect(readCard(yaml, '', new Map(measures.map((one) => [one.id, one])))).toMatchObject({
      card: { objectives: STARTERS.map(({ id, measure }) => ({ id, measure })) },
    })
    const found = routes().find(({ method }) => method === 'POST')!
    expect(found.body?.safeParse({ ...BODY, objectives: [] }).success).toBe(false)
  })
})

it.each([
  ['Payment path', 'payment-path'],
  ['  Ünïcode — Path! 2 ', 'u-ni-code-path-2'],
  ['決済経路', 'core-path'],
  ['x'.repeat(100), 'x'.repeat(60)],
])('calls the card of %j %s', (name, id) => expect(cardIdOf(name)).toBe(id))
