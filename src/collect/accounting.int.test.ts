import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { State } from '../platform/state/state.ts'
import { describeStates } from '../platform/testing/states.ts'
import { applyCounts, forgetOldMinutes, MINUTE_MS, MINUTES_KEPT_MS, newRow } from './accounting.ts'
import { completeness, completenessMeasure } from './completeness.ts'
import { addCounts, countOutcomes, imbalance, NO_COUNTS, RECORD_OUTCOMES } from './counts.ts'
import { migrations } from './migrations.ts'
import { changeSource, readMinutes, readSource, readSources, sumSince, writeSource } from './queries.ts'
import type { CollectTables } from './tables.ts'

const T0 = Date.UTC(2026, 0, 5, 12)
const result = (counts = countOutcomes(['parsed'])): Parameters<typeof applyCounts>[3] => ({ writer: 'w', sequence: 1, counts })

describeStates('the accounts', (bed) => {
  const at = async (state: State, source: string, minute: number, counts = countOutcomes(['parsed'])): Promise<void> =>
    state.transaction<CollectTables, void>((trx) => applyCounts(trx, source, 'default', result(counts), T0 + minute * MINUTE_MS))

  test('hold what the batches say, in whatever order they come and however often we restart', async () => {
    const outcome = fc.constantFrom(...RECORD_OUTCOMES)
    const batch = fc.record({
      source: fc.constantFrom('http:a', 'file:b', 'agent:c', 'kanpeki:d'),
      scope: fc.constantFrom('a', 'b'),
      outcomes: fc.array(outcome, { maxLength: 30 }),
      gaps: fc.nat(3),
      bytes: fc.nat(1e9),
      minute: fc.nat(5),
    })
    const state = await bed.open(migrations)
    const db = state.tables<CollectTables>()
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 20 }), async (drawn) => {
        run++
        const batches = drawn.map((one) => ({ ...one, scope: `${one.scope}${run}` }))
        for (const { source, scope, minute, ...rest } of batches) {
          const counts = countOutcomes(rest.outcomes, rest)
          await state.transaction<CollectTables, void>((trx) =>
            applyCounts(trx, source, scope, result(counts), T0 + minute * MINUTE_MS),
          )
        }
        for (const scope of [`a${run}`, `b${run}`]) {
          const mine = batches.filter((one) => one.scope === scope)
          const expected = mine.reduce((sum, one) => addCounts(sum, countOutcomes(one.outcomes, one)), NO_COUNTS)
          expect(await sumSince(db, scope, 0)).toEqual(expected)
          const rows = await readSources(db, scope)
          expect(rows.map((row) => row.id)).toEqual([...new Set(mine.map((one) => one.source))].sort())
          for (const row of [...rows, ...(await readMinutes(db, scope, 0))]) {
            const { received, parsed, unknown, stored, repeated, dropped, gaps, bytes } = row
            expect(imbalance({ received, parsed, unknown, stored, repeated, dropped, gaps, bytes })).toBeUndefined()
          }
        }
      }),
      { numRuns: 20 },
    )
  })

  test('move with the transaction: what is rolled back was not counted', async () => {
    const state = await bed.open(migrations)
    await expect(
      state.transaction<CollectTables, void>(async (trx) => {
        await applyCounts(trx, 'http:a', 'default', result(), T0)
        throw new Error('later in the same transaction')
      }),
    ).rejects.toThrow('later')
    expect(await sumSince(state.tables<CollectTables>(), 'default', 0)).toEqual(NO_COUNTS)
  })

  test('refuse counts that do not add up', async () => {
    const state = await bed.open(migrations)
    await expect(at(state, 'http:a', 0, { ...countOutcomes(['parsed']), received: 2 })).rejects.toMatchObject({
      code: 'counts_unbalanced',
    })
    await expect(at(state, 'gopher:a', 0)).rejects.toMatchObject({ code: 'bad_source' })
  })

  test('remember the last event and its lag; a batch of repetitions changes neither', async () => {
    const state = await bed.open(migrations)
    const db = state.tables<CollectTables>()
    await state.transaction<CollectTables, void>((trx) =>
      applyCounts(trx, 'http:a', 'default', { ...result(), observed: T0 - 1500 }, T0),
    )
    await at(state, 'http:a', 3, countOutcomes(['repeated']))
    expect(await readSource(db, 'default', 'http:a')).toMatchObject({
      last_event: T0,
      lag_ms: 1500,
      received: 2,
      expected_seconds: 3600,
    })
  })

  test('keep a source’s accounts when its settings are written again, and forget old minutes only', async () => {
    const state = await bed.open(migrations)
    const db = state.tables<CollectTables>()
    await at(state, 'file:a', 0)
    await writeSource(db, { ...newRow('default', 'file:a', T0), title: 'Auth', config: '{"paths":["/x"]}' })
    await changeSource(db, 'default', 'file:a', { enabled: false, expectedSeconds: null })
    await changeSource(db, 'default', 'file:a', {})
    expect(await readSource(db, 'default', 'file:a')).toMatchObject({
      title: 'Auth',
      enabled: 0,
      expected_seconds: null,
      received: 1,
    })
    await forgetOldMinutes(db, T0 + MINUTES_KEPT_MS + MINUTE_MS)
    expect(await readMinutes(db, 'default', 0)).toEqual([])
    expect((await readSource(db, 'default', 'file:a'))?.received).toBe(1)
  })

  interface Case {
    readonly name: string
    /** Minutes with an event. */
    readonly events: readonly number[]
    readonly gaps?: readonly number[]
    readonly expectedSeconds?: number | null
    readonly window?: readonly [number, number]
    readonly now?: number
    readonly disabled?: boolean
    /** good, bad, unknown; undefined: not listed. */
    readonly answer: readonly [number, number, number] | undefined
  }
  // An interval of two minutes in a window of ten, unless the case says otherwise.
  const cases: readonly Case[] = [
    { name: 'steady', events: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], answer: [10, 0, 0] },
    { name: 'within the interval', events: [0, 2, 4, 6, 8], answer: [10, 0, 0] },
    { name: 'silent in the middle', events: [0, 1, 7, 8, 9], answer: [7, 3, 0] },
    { name: 'silent from the beginning', events: [0], window: [5, 10], answer: [0, 5, 0] },
    { name: 'silent at the end', events: [0, 1, 2], answer: [5, 5, 0] },
    { name: 'heard just before the window', events: [4, 9], window: [5, 10], answer: [3, 2, 0] },
    { name: 'a loss', events: [0, 2, 4, 6, 8], gaps: [4], answer: [9, 1, 0] },
    { name: 'a loss while silent counts once', events: [0], gaps: [9], window: [5, 10], answer: [0, 5, 0] },
    { name: 'never heard', events: [], gaps: [], answer: [0, 0, 10] },
    { name: 'switched off', events: [0, 1], disabled: true, answer: [0, 0, 10] },
    { name: 'unwatched', events: [0], expectedSeconds: null, answer: undefined },
    { name: 'unwatched with a loss', events: [0], gaps: [3], expectedSeconds: null, answer: [0, 1, 0] },
    { name: 'the future is not judged', events: [0, 2], now: 4, answer: [4, 0, 0] },
    { name: 'an interval that is no whole minute is rounded up', events: [0, 3, 6, 9], expectedSeconds: 121, answer: [10, 0, 0] },
  ]
  test('completeness judges each minute', async () => {
    const state = await bed.open(migrations)
    const db = state.tables<CollectTables>()
    for (const one of cases) {
      // A scope of its own keeps each case apart.
      const scope = one.name
      const add = (minute: number, counts = countOutcomes(['parsed'])): Promise<void> =>
        state.transaction<CollectTables, void>((trx) =>
          applyCounts(trx, 'http:a', scope, result(counts), T0 + minute * MINUTE_MS),
        )
      const { expectedSeconds = 120, window = [0, 10], now = 1000 } = one
      await writeSource(db, { ...newRow(scope, 'http:a', T0), expected_seconds: expectedSeconds })
      for (const minute of one.events) await add(minute)
      for (const minute of one.gaps ?? []) await add(minute, countOutcomes([], { gaps: 1 }))
      if (one.disabled === true) await changeSource(db, scope, 'http:a', { enabled: false })
      const [from, to] = [T0 + window[0] * MINUTE_MS, T0 + window[1] * MINUTE_MS]
      const judged = await completeness(db, scope, from, to, T0 + now * MINUTE_MS)
      const [good, bad, unknown] = one.answer ?? []
      expect([one.name, judged]).toEqual([one.name, one.answer === undefined ? [] : [{ source: 'http:a', good, bad, unknown }]])
    }
    expect(cases.length).toBe(14)
  })

  test('completeness agrees with looking at every minute', async () => {
    const state = await bed.open(migrations)
    const db = state.tables<CollectTables>()
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(29), { minLength: 1, maxLength: 12 }),
        fc.uniqueArray(fc.nat(29), { maxLength: 3 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(29),
        fc.nat(29),
        async (events, gaps, expected, a, b) => {
          const scope = `run ${run++}`
          const [from, to] = [Math.min(a, b), Math.max(a, b)]
          await writeSource(db, { ...newRow(scope, 'http:a', T0), expected_seconds: expected * 60 })
          const order = [...events.map((minute) => ({ minute, lost: 0 })), ...gaps.map((minute) => ({ minute, lost: 1 }))].sort(
            (x, y) => x.minute - y.minute,
          )
          for (const { minute, lost } of order) {
            const counts = countOutcomes(lost === 0 ? ['parsed'] : [], { gaps: lost })
            await state.transaction<CollectTables, void>((trx) =>
              applyCounts(trx, 'http:a', scope, result(counts), T0 + minute * MINUTE_MS),
            )
          }
          let bad = 0
          for (let minute = from; minute < to; minute++) {
            const heard = Math.max(
              ...events.filter((event) => event <= minute),
              events.some((event) => event < from) ? -Infinity : from - 1,
            )
            if (minute - heard > expected) bad++
          }
          const lost = gaps.filter((minute) => minute >= from && minute < to).length
          const total = to - from
          const judged = await completeness(db, scope, T0 + from * MINUTE_MS, T0 + to * MINUTE_MS, T0 + 1000 * MINUTE_MS)
          expect(judged).toEqual([
            { source: 'http:a', good: total - Math.min(total, bad + lost), bad: Math.min(total, bad + lost), unknown: 0 },
          ])
        },
      ),
      { numRuns: 25 },
    )
    expect(run).toBeGreaterThanOrEqual(25)
  })

  test('the measure says the share, and that nothing is known where nothing is', async () => {
    const state = await bed.open(migrations)
    const db = state.tables<CollectTables>()
    const measure = completenessMeasure(db, { now: () => T0 + 10 * MINUTE_MS })
    const read = (): ReturnType<typeof measure.measure> => measure.measure({}, T0, T0 + 10 * MINUTE_MS, 'default')
    expect(await read()).toMatchObject({
      value: null,
      good: 0,
      bad: 0,
      unknown: 0,
      missing: { en: expect.any(String), ja: expect.any(String) },
    })
    await writeSource(db, { ...newRow('default', 'http:a', T0), expected_seconds: 60 })
    await writeSource(db, newRow('default', 'file:never', T0))
    for (const minute of [0, 1, 2, 3, 8, 9]) await at(state, 'http:a', minute)
    expect(await read()).toMatchObject({ value: 35, good: 7, bad: 3, unknown: 10, evidence: { sources: 2 } })
  })
})
