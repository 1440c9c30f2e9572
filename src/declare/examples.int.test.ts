import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Measure, Unit } from '../kernel/measure.ts'
import { openState, type State } from '../platform/state/state.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { cardState, evaluateNow } from './card-state.ts'
import { readCard } from './load.ts'
import { migrations } from './migrations.ts'
import { cardById } from './queries.ts'
import { runEvaluation } from './run.ts'
import { card as cardSchema } from './schema.ts'
import { externalMeasures } from './series/measures.ts'
import { forgetSamples, saveSeries } from './series/queries.ts'
import { giveSample } from './series/sample.ts'
import type { DeclareTables } from './tables.ts'
import { proposeCard, signCard } from './versions.ts'

const examples = fileURLToPath(new URL('../../content/declarations/examples/', import.meta.url))
const MINUTE = 60_000
const DAY = 1440
const T0 = Date.UTC(2026, 10, 22)

/** Figures of rooms by measure, of the world outside by series; null is silence. */
type Figures = Readonly<Record<string, number | null | { readonly good: number; readonly unknown: number }>>

interface Moment {
  /** Minutes since the step before. */
  readonly after: number
  readonly figures?: Figures
  readonly state: string
  /** Code of the gravest reason. */
  readonly reason?: string
}

const UNITS: Readonly<Record<string, Unit>> = {
  'vulnerability-mttr': 'seconds',
  'mfa-coverage': 'percent',
  'hard-coded-secrets': 'count',
  'p1-mttr': 'seconds',
  'containment-automation': 'percent',
  rto: 'seconds',
  rpo: 'seconds',
  'restore-rehearsal': 'count',
  'backup-check': 'count',
  'edr-coverage': 'percent',
}

/** What each example does when this happens to it. */
const STORIES: Readonly<Record<string, readonly Moment[]>> = {
  patching: [
    { after: 1, figures: { 'vulnerability-mttr': 100_000 }, state: 'held' },
    { after: DAY, figures: { 'vulnerability-mttr': 250_000 }, state: 'at-risk', reason: 'close' },
    { after: DAY, figures: { 'vulnerability-mttr': 300_000 }, state: 'at-risk', reason: 'unmet' },
    // Two weeks in a row, as the founding document has it: not before, and by itself.
    { after: 7 * DAY - 1, figures: { 'vulnerability-mttr': 310_000 }, state: 'at-risk', reason: 'unmet' },
    { after: 7 * DAY - 1, figures: { 'vulnerability-mttr': 310_000 }, state: 'at-risk', reason: 'unmet' },
    { after: 3, state: 'withdrawn', reason: 'unmet-for' },
    { after: DAY, figures: { 'vulnerability-mttr': 1000 }, state: 'withdrawn', reason: 'unmet-for' },
  ],
  'privileged-access': [
    { after: 1, figures: { 'mfa-coverage': 100, 'access.privileged-mfa': 100, 'access.review-age': 30 }, state: 'held' },
    { after: 10, figures: { 'mfa-coverage': 99 }, state: 'withdrawn', reason: 'below' },
  ],
  secrets: [
    { after: 1, figures: { 'hard-coded-secrets': 0 }, state: 'held' },
    { after: 10, figures: { 'hard-coded-secrets': 1 }, state: 'withdrawn', reason: 'unmet' },
  ],
  detection: [
    {
      after: 1,
      figures: { 'detect.attack-coverage': 97, 'detect.p1-precision': 91, 'detect.alert-delay': 108 },
      state: 'held',
    },
    { after: 10, figures: { 'detect.attack-coverage': 91 }, state: 'at-risk', reason: 'close' },
    { after: 10, figures: { 'detect.attack-coverage': 79 }, state: 'withdrawn', reason: 'below' },
  ],
  response: [
    {
      after: 1,
      figures: { 'respond.mttd': 300, 'respond.mttr': 3600, 'respond.containment-automation': 80, 'respond.overdue-tasks': 0 },
      state: 'held',
    },
    { after: 60, figures: { 'respond.mttd': null }, state: 'at-risk', reason: 'no-value' },
    { after: 359, state: 'at-risk', reason: 'no-value' },
    { after: 2, state: 'withdrawn', reason: 'no-value' },
  ],
  recovery: [
    { after: 1, figures: { rto: 9000, rpo: 600, 'restore-rehearsal': 3, 'backup-check': 12 }, state: 'held' },
    { after: 6 * DAY + 60, state: 'at-risk', reason: 'close' },
    { after: 60, figures: { 'backup-check': 12 }, state: 'held' },
    { after: 8 * DAY, state: 'at-risk', reason: 'unmet' },
    { after: 14 * DAY, state: 'withdrawn', reason: 'unmet-for' },
  ],
  endpoints: [
    { after: 1, figures: { 'edr-coverage': { good: 40, unknown: 0 }, 'collect.silent-hosts': 0 }, state: 'held' },
    // 97.5 % is more than the 95 promised; that the fortieth is not known costs the badge all the same.
    { after: 5, figures: { 'edr-coverage': { good: 39, unknown: 1 } }, state: 'withdrawn', reason: 'coverage' },
  ],
  'broken-evidence': [
    { after: 1, state: 'draft', reason: 'not-yet-met' },
    { after: 20 * DAY, state: 'draft', reason: 'not-yet-met' },
  ],
  'broken-risk': [
    { after: 1, figures: { 'vulnerability-mttr': 1000 }, state: 'held' },
    { after: 4 * DAY, state: 'at-risk', reason: 'risk-lapsed' },
    { after: 5 * DAY, figures: { 'vulnerability-mttr': 1000 }, state: 'at-risk', reason: 'risk-lapsed' },
  ],
}

describe('the example cards', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-examples-'))
  let state: State
  let now = T0
  const clock = { now: () => now }
  const rooms = new Map<string, number | null>()
  let measures: readonly Measure[] = []

  beforeAll(async () => {
    state = await openState({ path: join(folder, 'state.db') }, migrations, clock)
    const room = (id: string, unit: Unit): Measure => ({
      ...{ id, unit, title: { en: id, ja: id } },
      measure: async () => ({ value: rooms.get(id) ?? null, good: 1, bad: 0, unknown: 0, evidence: {} }),
    })
    measures = [
      ...externalMeasures(state),
      ...(
        ['detect.attack-coverage', 'detect.p1-precision', 'access.privileged-mfa', 'respond.containment-automation'] as const
      ).map((id) => room(id, 'percent')),
      ...(['respond.mttd', 'respond.mttr'] as const).map((id) => room(id, 'seconds')),
      room('respond.overdue-tasks', 'count'),
      room('detect.alert-delay', 'seconds'),
      room('access.review-age', 'days'),
      room('collect.silent-hosts', 'count'),
      {
        ...room('events.forbidden-count', 'count'),
        measure: async () => ({ value: 0, good: 1, bad: 0, unknown: 0, evidence: {} }),
      },
    ]
    for (const [id, unit] of Object.entries(UNITS)) await makeSeries(id, unit)
  })
  afterAll(async () => {
    await state.close()
    rmSync(folder, { recursive: true })
  })

  const makeSeries = (id: string, unit: Unit): Promise<void> =>
    saveSeries(state.tables<DeclareTables>(), {
      ...{ scope: 'default', id, unit, title_en: id, title_ja: id, definition: '', pull: null, secret: null, by_name: 'test' },
      ...{ created: T0, asked_at: null, failing_since: null, fault: null },
    })
  const give = (series: string, sample: { value?: number; good?: number; unknown?: number; at?: string }) =>
    state.transaction<DeclareTables, unknown>((trx) => {
      const whole = { good: 0, bad: 0, unknown: 0, detail: {}, ...sample }
      return giveSample(trx, { scope: 'default', series, by: 'test', sample: whole }, clock)
    })
  const known = () => new Map(measures.map((measure) => [measure.id, measure]))
  const read = (name: string) => readCard(readFileSync(join(examples, `${name}.yml`), 'utf8'), `${name}.yml`, known())
  const stand = async (id: string) => {
    const row = (await cardById(state.tables<DeclareTables>(), id))!
    return evaluateNow((await cardState(state.tables<DeclareTables>(), row, known()))!, now)
  }
  const person = (name: string) => testCaller({ id: name, account: name, name, roles: ['administrator'] })

  it('are ten, three of them broken', () => {
    const names = readdirSync(examples).map((file) => file.replace('.yml', ''))
    expect(names).toHaveLength(10)
    expect(names.filter((name) => name.startsWith('broken-'))).toHaveLength(3)
    expect(Object.keys(STORIES).toSorted()).toEqual(names.filter((name) => name !== 'broken-name').toSorted())
  })

  it('broken-name is refused by line, with what there is instead', () => {
    const result = read('broken-name')
    if (!('problems' in result)) throw new Error('it was taken')
    const line = readFileSync(join(examples, 'broken-name.yml'), 'utf8')
      .split('\n')
      .findIndex((text) => text.includes('detect.luck'))
    expect(result.problems).toMatchObject([{ code: 'unknown_measure', line: line + 1, field: 'objectives.0.measure' }])
    expect(result.problems[0]?.remedy).toContain('detect.alert-delay')
  })

  it.each(Object.entries(STORIES))('%s', async (name, moments) => {
    now = T0
    rooms.clear()
    await forgetSamples(state.tables<DeclareTables>(), Number.MAX_SAFE_INTEGER)
    const loaded = read(name)
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
    await state.transaction<DeclareTables, unknown>((trx) => proposeCard(trx, loaded, person('tanaka'), now))
    for (const who of ['sato', 'mori'])
      await state.transaction<DeclareTables, void>((trx) => signCard(trx, name, loaded.hash, person(who), now))
    for (const { after, figures = {}, state: wanted, reason } of moments) {
      // Somebody looks every few hours, as the service does far more often.
      for (let left = after; left > 0; left -= 480) {
        now += Math.min(left, 480) * MINUTE
        if (left > 480) await runEvaluation({ state, clock, measures }, name)
      }
      for (const [what, figure] of Object.entries(figures)) {
        if (!Object.hasOwn(UNITS, what)) rooms.set(what, typeof figure === 'number' ? figure : null)
        else if (typeof figure === 'number') await give(what, { value: figure })
        else if (figure !== null) await give(what, figure)
      }
      // A window ends before the moment that is asked about.
      now += 1000
      await runEvaluation({ state, clock, measures }, name)
      const { state: is, reasons } = await stand(name)
      expect([now - T0, is, reasons[0]?.code]).toEqual([now - T0, wanted, reason])
    }
  })

  it('never turns what is not proven into what is met, whatever comes late, twice, or not at all', async () => {
    type Act =
      | { readonly do: 'give'; readonly late: number; readonly value: number }
      | { readonly do: 'again'; readonly which: number }
      | { readonly do: 'wait'; readonly minutes: number }
    const act: fc.Arbitrary<Act> = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('give' as const),
          late: fc.oneof(fc.constant(0), fc.integer({ min: -4, max: 200 })),
          value: fc.constantFrom(50, 89.9, 90, 97),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('again' as const), which: fc.nat(5) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 50 }) }) },
    )
    let run = 0
    const seen = { met: 0, unmet: 0, unproven: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 25 }), async (acts) => {
        run += 1
        const id = `property-${run}`
        now = T0
        await makeSeries(id, 'percent')
        const loaded = {
          card: propertyCard(id),
          hash: id,
          text: '',
          file: '',
        }
        await state.transaction<DeclareTables, unknown>((trx) => proposeCard(trx, loaded, person('tanaka'), now))
        const given = new Map<number, number>()
        for (const one of acts) {
          if (one.do === 'wait') now += one.minutes * MINUTE
          else {
            const [at, value] =
              one.do === 'give' ? [now - one.late * MINUTE, one.value] : ([...given.entries()][one.which] ?? [now, 97])
            // Another figure of the same moment is refused, and nothing happened.
            await give(id, { value, at: new Date(at).toISOString() }).then(
              () => given.set(at, given.get(at) ?? value),
              () => undefined,
            )
          }
          await runEvaluation({ state, clock, measures }, id)
          const [judged] = (await stand(id)).weighed.map((item) => item.judged.state)
          seen[judged!] += 1
          if (judged === 'met') expect(isProven(given, now), JSON.stringify([...given])).toBe(true)
        }
      }),
      { numRuns: 40 },
    )
    expect(run).toBe(40)
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
  }, 60_000)

  it('comes to the same from the same evidence, in whatever order it came', async () => {
    let run = 0
    const sample = fc.record({ late: fc.integer({ min: 0, max: 90 }), value: fc.constantFrom(50, 90, 97) })
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(sample, { selector: ({ late }) => late, minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat(1000)),
        async (samples, keys) => {
          const shuffled = samples.map((one) => ({ one, key: keys.next().value ?? 0 })).toSorted((a, b) => a.key - b.key)
          const ends: string[] = []
          for (const order of [samples, shuffled.map(({ one }) => one)]) {
            run += 1
            const id = `order-${run}`
            now = T0
            await makeSeries(id, 'percent')
            const loaded = { card: propertyCard(id), hash: id, text: '', file: '' }
            await state.transaction<DeclareTables, unknown>((trx) => proposeCard(trx, loaded, person('tanaka'), now))
            for (const { late, value } of order) {
              await give(id, { value, at: new Date(T0 - late * MINUTE).toISOString() })
              await runEvaluation({ state, clock, measures }, id)
            }
            now += 2 * MINUTE
            await runEvaluation({ state, clock, measures }, id)
            ends.push((await stand(id)).weighed.map(({ judged }) => judged.state).join())
          }
          expect(ends[0]).toBe(ends[1])
        },
      ),
      { numRuns: 20 },
    )
    expect(run).toBe(40)
  }, 60_000)
})

const WINDOW = 120
const MAX_AGE = 60
const TARGET = 90

function propertyCard(id: string) {
  const objective = {
    ...{ id: 'share', title: { en: 'Share', ja: '割合' }, measure: 'external.percent', params: { series: id } },
    ...{ comparator: '>=', target: TARGET, window: `PT${WINDOW}M`, maxEvidenceAge: `PT${MAX_AGE}M` },
  }
  return cardSchema.parse({
    ...{ id, version: '2026.11.22', name: { en: id, ja: id }, owner: 'o', approvers: ['@admin'] },
    ...{ scope: { description: { en: 'All', ja: '全体' } }, threats: { in: [{ en: 'Outsiders', ja: '外部' }] } },
    ...{ objectives: [objective], period: 'P1D', validity: { from: '2026-11-01', until: '2027-01-01' } },
    ...{ nextReview: '2026-12-01', withdrawal: [{ on: 'expiry' }] },
  })
}

/**
 * Told apart from the code it judges: the objective may be called met only where a figure that was really given, that is the
 * newest of its window and fresh enough, meets the target. One that was recorded up to a minute ago may still stand.
 */
function isProven(given: ReadonlyMap<number, number>, now: number): boolean {
  const fresh = [...given].filter(([at]) => at >= now - MAX_AGE * MINUTE && at <= now + 5 * MINUTE)
  const newest = fresh.filter(([at]) => at < now).toSorted(([a], [b]) => b - a)[0]
  const meeting = fresh.filter(([, value]) => value >= TARGET)
  return meeting.length > 0 && (newest === undefined || newest[1] >= TARGET)
}
