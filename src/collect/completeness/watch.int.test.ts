import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StoredEvent } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { State } from '../../platform/state/state.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { readSource } from '../queries.ts'
import type { CollectTables } from '../tables.ts'
import { readHosts, readKinds, readStreams } from './queries.ts'
import { openWatch, type Watch, type WatchLimits } from './watch.ts'

const T0 = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000

interface Given {
  readonly scope?: string
  readonly source?: string
  readonly doc: JsonObject
  /** Minutes after the beginning. */
  readonly at: number
  /** Milliseconds between observed and received. */
  readonly delay?: number
}

function stored({ scope = 'default', source = 'http:a', doc, at, delay = 0 }: Given): StoredEvent {
  const received = T0 + at * MINUTE
  return { id: 'x', scope, source, parser: 'p', observed: received - delay, received, writer: 'w', sequence: 0, index: 0, doc }
}

const security = (host: string, record: number): JsonObject => ({
  host: { name: host },
  winlog: { channel: 'Security', record_id: record },
  event: { code: '4625', category: ['authentication'], type: ['start'], outcome: 'failure' },
})

describeStates('what is known of hosts', (bed) => {
  const open = (state: State, limits?: WatchLimits): Promise<Watch> => openWatch(state.tables<CollectTables>(), 'w', 0, limits)
  const flush = (state: State, watch: Watch, minute: number): Promise<void> =>
    watch.flush((work) => state.transaction(work), T0 + minute * MINUTE)

  test('is when they were heard, their clock, their numbers, and which kinds of events', async () => {
    const state = await bed.open(migrations)
    const db = state.tables<CollectTables>()
    const watch = await open(state)
    const numbers = [...Array.from({ length: 40 }, (_, n) => n + 1), 44, 45]
    watch.saw(
      numbers.map((record, n) => stored({ doc: security('dc-01', record), at: n, delay: -20 * MINUTE })),
      1,
    )
    watch.saw(
      [stored({ doc: { host: { name: 'web' }, message: 'x' }, at: 42 }), stored({ doc: { message: 'nobody' }, at: 42 })],
      2,
    )
    await flush(state, watch, 50)
    expect(await readHosts(db, 10)).toMatchObject([
      { host: 'web', events: 1, minutes: 1, kinds: 0, sequence: 2 },
      {
        host: 'dc-01',
        events: 42,
        minutes: 42,
        ahead: 42,
        behind: 0,
        first_seen: T0,
        last_seen: T0 + 41 * MINUTE,
        skew_delay: -20 * MINUTE,
      },
    ])
    expect(await readStreams(db, 10)).toMatchObject([
      { host: 'dc-01', stream: 'Security', next: 46, missing: 3, density: 'dense', holes: '[]' },
    ])
    expect((await readKinds(db)).map(({ kind, first_seen, last_seen }) => [kind, first_seen - T0, last_seen - T0])).toEqual(
      expect.arrayContaining([
        ['sign-in-failure', 0, 41 * MINUTE],
        ['windows-sign-in', 0, 41 * MINUTE],
      ]),
    )
    // What the numbers say is lost stands in the source's accounts, once.
    await flush(state, watch, 51)
    expect(await readSource(db, 'default', 'http:a')).toMatchObject({ gaps: 3, received: 0 })
  })

  test('numbers that a sender leaves out on purpose are no losses', async () => {
    const state = await bed.open(migrations)
    const watch = await open(state)
    watch.saw(
      Array.from({ length: 60 }, (_, n) => stored({ doc: security('dc-01', 1 + n * 3), at: n })),
      1,
    )
    await flush(state, watch, 100)
    expect(await readStreams(state.tables<CollectTables>(), 1)).toMatchObject([{ density: 'sparse', missing: 118 }])
    expect(await readSource(state.tables<CollectTables>(), 'default', 'http:a')).toBeUndefined()
  })

  test('imports and our own events are not hosts; a host of another scope keeps its accounts where its source is', async () => {
    const state = await bed.open(migrations)
    const watch = await open(state)
    const north = (record: number, at: number): StoredEvent =>
      stored({ scope: 'north', doc: { ...security('n1', record), kanpeki: { from: 'default' } }, at })
    watch.saw([...Array.from({ length: 30 }, (_, n) => north(n + 1, n)), north(40, 31)], 1)
    watch.saw(
      [
        stored({ source: 'import:old', doc: security('h', 5), at: 1 }),
        stored({ source: 'kanpeki:access', doc: security('h', 5), at: 1 }),
      ],
      2,
    )
    await flush(state, watch, 60)
    expect((await readHosts(state.tables<CollectTables>(), 10)).map(({ scope, host }) => [scope, host])).toEqual([
      ['north', 'n1'],
    ])
    expect(await readSource(state.tables<CollectTables>(), 'default', 'http:a')).toMatchObject({ gaps: 9 })
  })

  test('is bounded: hosts beyond the bound are counted, and streams beyond theirs are not followed', async () => {
    const state = await bed.open(migrations)
    const watch = await open(state, { hosts: 3, streams: 2, streamsPerHost: 2 })
    watch.saw(
      Array.from({ length: 9 }, (_, n) => stored({ doc: security(`h${n}`, 7), at: n })),
      1,
    )
    await flush(state, watch, 20)
    expect([watch.hosts, watch.streams]).toEqual([3, 2])
    const row = await state.tables<CollectTables>().selectFrom('collect_watched').selectAll().executeTakeFirst()
    expect(row).toMatchObject({ sequence: 1, unfollowed: 6 })
  })

  test('is the same after crashes at any moment, with batches read again from the checkpoint', async () => {
    const event = fc.record({
      host: fc.nat(2),
      number: fc.integer({ min: 1, max: 3 }),
      step: fc.nat(3),
      delay: fc.integer({ min: -900_000, max: 900_000 }),
    })
    const batches = fc.array(
      fc.tuple(fc.array(event, { minLength: 1, maxLength: 12 }), fc.constantFrom('go', 'flush', 'crash', 'fail')),
      { minLength: 1, maxLength: 12 },
    )
    let run = 0
    let crashes = 0
    await fc.assert(
      fc.asyncProperty(batches, async (drawn) => {
        run++
        const scope = `run ${run}`
        const next = new Map<number, number>()
        let at = 0
        const all = drawn.map(([events]) =>
          events.map(({ host, number, step, delay }) => {
            const record = (next.get(host) ?? 0) + number
            next.set(host, record)
            at += step
            return stored({ scope, doc: security(`h${host}`, record), at, delay })
          }),
        )
        const calm = await bed.open(migrations)
        const steady = await openWatch(calm.tables<CollectTables>(), scope, 0)
        const state = await bed.open(migrations)
        let watch = await openWatch(state.tables<CollectTables>(), scope, 0)
        for (const [index, [, fate]] of drawn.entries()) {
          steady.saw(all[index]!, index + 1)
          watch.saw(all[index]!, index + 1)
          if (fate === 'flush') await watch.flush((work) => state.transaction(work), T0)
          if (fate === 'fail') {
            let works = 0
            const broken = watch.flush(async (work) => {
              if (++works > 1) throw new Error('the disk is full')
              await state.transaction(work)
            }, T0)
            await broken.catch(() => {})
          }
          if (fate !== 'crash') continue
          crashes++
          watch = await openWatch(state.tables<CollectTables>(), scope, 0)
          for (let n = watch.checkpoint; n <= index; n++) watch.saw(all[n]!, n + 1)
        }
        for (const [one, store] of [
          [steady, calm],
          [watch, state],
        ] as const)
          await one.flush((work) => store.transaction(work), T0 + (at + 10) * MINUTE)
        const told = async (store: State): Promise<unknown> => {
          const db = store.tables<CollectTables>()
          const of = (rows: readonly { readonly scope: string }[]): unknown[] =>
            rows.filter((row) => row.scope === scope).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
          const source = await readSource(db, scope, 'http:a')
          return [of(await readHosts(db, 100)), of(await readStreams(db, 100)), of(await readKinds(db)), source?.gaps ?? 0]
        }
        expect(await told(state)).toEqual(await told(calm))
      }),
      { numRuns: 25 },
    )
    expect([run, crashes > 0]).toEqual([25, true])
  }, 60_000)
})
