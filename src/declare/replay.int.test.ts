import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Measure, Reading } from '../kernel/measure.ts'
import { readOutbox } from '../platform/state/outbox.ts'
import { openState } from '../platform/state/state.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { cardState, evaluateNow } from './card-state.ts'
import { readCard } from './load.ts'
import { migrations } from './migrations.ts'
import { allCards } from './queries.ts'
import { type ReplayEntry, replay } from './replay.ts'
import { runEvaluation } from './run.ts'
import type { DeclareTables } from './tables.ts'
import { adoptCards, proposeCard, signCard } from './versions.ts'

const MINUTE = 60_000
const T0 = Date.UTC(2026, 10, 22, 9)

function yaml(version: number, target: number): string {
  return `
id: payments
version: 2026.11.${String(version).padStart(2, '0')}
name: { en: Payments, ja: 決済 }
owner: tanaka
approvers: ['@admin']
signatures: 1
scope: { description: { en: Charges, ja: 課金 } }
threats: { in: [{ en: Outsiders, ja: 外部 }] }
objectives:
  - { id: delay, title: { en: Delay, ja: 遅延 }, measure: test.delay, comparator: '<=', target: ${target}, margin: 20, window: P7D, maxEvidenceAge: PT1H }
  - { id: share, title: { en: Share, ja: 割合 }, measure: test.share, comparator: '>=', target: 90, window: P1D, maxEvidenceAge: PT6H }
period: PT4H
validity: { from: 2026-11-01, until: 2026-11-24 }
nextReview: 2026-12-01
withdrawal:
  - { on: unmet, periods: 1 }
  - { on: below, objective: share, value: 50 }
  - { on: stale-evidence, grace: PT2H }
`
}

type Step =
  | { readonly do: 'wait'; readonly minutes: number }
  | { readonly do: 'measure'; readonly of: 'test.delay' | 'test.share'; readonly value: number | null; readonly age: number }
  | { readonly do: 'sign' | 'lose' | 'adopt' | 'propose'; readonly version: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      minutes: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 1400 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('measure' as const),
      of: fc.constantFrom('test.delay' as const, 'test.share' as const),
      value: fc.option(fc.constantFrom(40, 85, 95, 100, 290, 310)),
      age: fc.constantFrom(0, 0, 50, 400),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sign' as const), version: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('lose' as const, 'adopt' as const, 'propose' as const),
      version: fc.integer({ min: 1, max: 3 }),
    }),
  },
)

/** The service itself, from a declaration on disk to the evidence in the outbox. */
async function live(steps: readonly Step[]) {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-replay-'))
  const state = await openState({ path: join(folder, 'state.db') }, migrations)
  let now = T0
  const clock = { now: () => now }
  const answers = new Map<string, { value: number | null; at: number }>()
  const measure = (id: string, unit: Measure['unit']): Measure => ({
    id,
    unit,
    title: { en: id, ja: id },
    measure: async (): Promise<Reading> => {
      const answer = answers.get(id) ?? { value: id === 'test.share' ? 97 : 100, at: now }
      return { value: answer.value, good: 1, bad: 0, unknown: 0, evidence: {}, asOf: Math.min(answer.at, now) }
    },
  })
  const measures = [measure('test.delay', 'seconds'), measure('test.share', 'percent')]
  const load = (version: number) => {
    const result = readCard(yaml(version, 280 + version * 10), 'payments.yml', new Map(measures.map((one) => [one.id, one])))
    if ('problems' in result) throw new Error(JSON.stringify(result.problems))
    return result
  }
  const trx = <R>(work: Parameters<typeof state.transaction<DeclareTables, R>>[0]) => state.transaction<DeclareTables, R>(work)
  const person = (name: string) => testCaller({ id: name, account: name, name, roles: ['administrator'] })
  await trx((db) => adoptCards(db, [load(1)], now))
  for (const one of steps) {
    if (one.do === 'wait') now += one.minutes * MINUTE + 7
    else if (one.do === 'measure')
      answers.set(one.of, { value: one.value, at: one.age === 0 ? Number.MAX_SAFE_INTEGER : now - one.age * MINUTE })
    else if (one.do === 'lose') await trx((db) => adoptCards(db, [], now))
    else if (one.do === 'adopt') await trx((db) => adoptCards(db, [load(one.version)], now))
    else if (one.do === 'propose') await trx((db) => proposeCard(db, load(one.version), person('mori'), now))
    // Nobody signs what is not there, twice, or their own: that is refused, and nothing happened.
    else await trx((db) => signCard(db, 'payments', load(one.version).hash, person('sato'), now)).catch(() => undefined)
    await runEvaluation({ state, clock, measures })
  }
  const entries = (await readOutbox(state.tables(), 0, 100_000)).map(
    ({ type, scope, received, body, seq }): ReplayEntry => ({
      type,
      scope,
      received: new Date(received).toISOString(),
      body,
      index: seq - 1,
    }),
  )
  const db = state.tables<DeclareTables>()
  const known = new Map(measures.map((one) => [one.id, one]))
  // Evaluations of one moment are told apart by a millisecond each; of a card that went with its file the ledger alone knows.
  now = Math.max(now, ...entries.map(({ body }) => Date.parse(String(body['evaluated'] ?? '')) || 0))
  const standing = await Promise.all(
    (await allCards(db)).map(async (row) => evaluateNow((await cardState(db, row, known))!, now)),
  )
  await state.close()
  rmSync(folder, { recursive: true })
  return { entries, standing, now }
}

describe('a replay', () => {
  test('finds every badge that the service gave, from the evidence alone', async () => {
    let changes = 0
    let run = 0
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const { entries, standing, now } = await live(run++ % 4 === 0 ? steps : [{ do: 'sign', version: 1 }, ...steps])
        const result = replay(entries, now)
        expect(result.unclear).toEqual([])
        expect(result.changes.filter(({ differs }) => differs !== undefined)).toEqual([])
        expect(result.changes).toHaveLength(entries.filter(({ type }) => type === 'badge').length)
        expect(result.cards.map(({ evaluation }) => evaluation.state)).toEqual(standing.map(({ state }) => state))
        expect(result.cards.map(({ evaluation }) => evaluation.weighed.map(({ judged }) => judged.state))).toEqual(
          standing.map(({ weighed }) => weighed.map(({ judged }) => judged.state)),
        )
        changes += result.changes.length
        expect(result.evaluations).toBe(entries.filter(({ type }) => type === 'evaluation').length)
        for (const { to } of result.changes) seen.add(to)
      }),
      { numRuns: 30 },
    )
    expect(changes).toBeGreaterThan(30)
    for (const state of ['at-risk', 'held', 'withdrawn']) expect(seen).toContain(state)
  }, 120_000)

  const story: readonly Step[] = [
    { do: 'sign', version: 1 },
    { do: 'wait', minutes: 5 },
    { do: 'measure', of: 'test.delay', value: 310, age: 0 },
    { do: 'wait', minutes: 300 },
    { do: 'measure', of: 'test.delay', value: 100, age: 0 },
    { do: 'wait', minutes: 5 },
  ]

  test('says how a card stood at any earlier moment', async () => {
    const { entries } = await live(story)
    const at = (minutes: number) => replay(entries, T0 + minutes * MINUTE).cards[0]?.evaluation.state
    expect([at(1), at(6), at(100), at(306), at(312)]).toEqual(['held', 'at-risk', 'at-risk', 'withdrawn', 'withdrawn'])
    expect(replay(entries, T0 - 1)).toEqual({ changes: [], evaluations: 0, cards: [], unclear: [] })
  })

  test('follows a ledger from before evaluations and required signatures were written', async () => {
    const { entries, now } = await live(story)
    const before = entries
      .filter(({ type }) => type !== 'evaluation')
      .map((entry) => {
        const { required: _required, inputs: _inputs, ...body } = entry.body
        return { ...entry, body }
      })
    expect(before.length).toBeLessThan(entries.length)
    const result = replay(before, now)
    expect(result.unclear).toEqual([])
    expect(result.changes.filter(({ differs }) => differs !== undefined)).toEqual([])
    expect(result.changes.map(({ to }) => to)).toEqual(replay(entries, now).changes.map(({ to }) => to))
  })

  test.each<[what: string, change: (entry: ReplayEntry) => ReplayEntry | undefined]>([
    [
      'a reading made better',
      (entry) => (entry.body['value'] === 310 ? { ...entry, body: { ...entry.body, value: 120 } } : entry),
    ],
    ['a withdrawal left out', (entry) => (entry.body['to'] === 'withdrawn' ? undefined : entry)],
    ['a signature left out', (entry) => (entry.body['change'] === 'signed' ? undefined : entry)],
    [
      'a badge that was never earned',
      (entry) => (entry.body['to'] === 'withdrawn' ? { ...entry, body: { ...entry.body, to: 'held' } } : entry),
    ],
    [
      'an evaluation that says more than its readings do',
      (entry) => (entry.type === 'evaluation' ? { ...entry, body: { ...entry.body, state: 'held' } } : entry),
    ],
    [
      'another beginning of a withdrawal',
      (entry) =>
        entry.body['to'] === 'withdrawn' ? { ...entry, body: { ...entry.body, since: new Date(T0).toISOString() } } : entry,
    ],
  ])('finds %s', async (_, change) => {
    const { entries, now } = await live(story)
    const changed = entries.flatMap((entry) => change(entry) ?? [])
    expect(changed).not.toEqual(entries)
    expect(replay(entries, now).changes.some(({ differs }) => differs !== undefined)).toBe(false)
    expect(replay(changed, now).changes.some(({ differs }) => differs !== undefined)).toBe(true)
  })

  test('names what it cannot follow', () => {
    const entry = (type: string, body: object, index: number): ReplayEntry => ({
      type,
      scope: 'default',
      received: new Date(T0).toISOString(),
      body: { card: 'old', ...body },
      index,
    })
    const entries = [
      entry('badge', { to: 'held' }, 3),
      entry('card', { change: 'written', hash: 'h', document: {} }, 4),
      entry('measure', { value: 1 }, 5),
    ]
    expect(replay(entries, T0 - 1).unclear).toEqual([])
    expect(replay(entries.slice(0, 1), T0).unclear).toEqual([{ index: 3, reason: 'its declaration is not in the ledger' }])
  })
})
