import { setTimeout as pause } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { sumSince } from '../../collect/queries.ts'
import type { CollectTables } from '../../collect/tables.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import type { PipelineTables } from './tables.ts'
import { type PipelineBed, type Run, startPipelineBed } from './testing/pipeline-bed.ts'

const REQUESTS = 12
const T0 = Date.now() - 300_000

/** Logins that fail: each account is refused from nine addresses in three requests, so that a window is open between any two. */
function request(n: number): JsonObject[] {
  return [`sato-${Math.floor(n / 3)}`, `tanaka-${Math.floor((n + 1) / 3)}`].flatMap((user, at) =>
    Array.from({ length: 3 }, (_, i) => ({
      '@timestamp': new Date(T0 + n * 10_000 + i * 1000).toISOString(),
      event: { category: ['authentication'], type: ['start'], outcome: 'failure' },
      host: { name: 'web-03' },
      source: { ip: `203.0.${at}.${n * 3 + i}` },
      user: { name: user },
    })),
  )
}

async function sendAll(run: Run, from = 0, to = REQUESTS): Promise<void> {
  for (let n = from; n < to; n++) await run.send(request(n))
}

let calm: string[]
beforeAll(async () => {
  const bed = await startPipelineBed()
  const run = await bed.start()
  await sendAll(run)
  await run.detector.idle()
  calm = await bed.alerts()
  await bed.stop()
})
afterAll(() => {
  console.log(`undisturbed: ${calm.length} alerts\n  ${calm.join('\n  ')}`)
})

let bed: PipelineBed
beforeEach(async () => {
  bed = await startPipelineBed()
})
afterEach(() => bed.stop())

/** After everything: the same alerts, each event counted and each batch recorded and proved once. */
async function expectAllOnce(run: Run): Promise<void> {
  await run.detector.idle()
  expect(await bed.alerts()).toEqual(calm)
  const stored = REQUESTS * request(0).length
  const counts = await sumSince(bed.state.tables<CollectTables>(), DEFAULT_SCOPE, 0)
  expect(counts).toMatchObject({ received: stored, stored, parsed: stored, repeated: 0 })
  const batches = await bed.state.tables<PipelineTables>().selectFrom('pipeline_batches').selectAll().execute()
  expect(batches.reduce((sum, batch) => sum + batch.events, 0)).toBe(stored)
  const proved = (await readOutbox(bed.state.tables(), 0, 1_000)).filter((entry) => entry.type === 'batch')
  expect(proved.map((entry) => entry.body['root']).sort()).toEqual(batches.map((batch) => batch.root).sort())
}

/** Transactions fail just before they would commit, where `fails` says so (counted from 1). */
function failing(state: State, fails: (transaction: number) => boolean): State {
  let transactions = 0
  return {
    ...state,
    transaction: <T, R>(fn: (trx: Kysely<T>) => Promise<R>) => {
      const broken = fails(++transactions)
      return state.transaction<T, R>(async (trx) => {
        const result = await fn(trx)
        if (broken) throw new Error('the disk is full')
        return result
      })
    },
  }
}

test('there is something to lose', () => {
  expect(calm.map((alert) => alert.split(' ').at(-4))).toEqual(expect.arrayContaining(['sato-0', 'sato-3', 'tanaka-1']))
})

test('a transaction that fails is tried again, and no window sees its events twice', async () => {
  const run = await bed.start({ state: (state) => failing(state, (transaction) => transaction === 2 || transaction === 5) })
  await sendAll(run)
  await expectAllOnce(run)
  expect(run.failures).toHaveLength(2)
}, 20_000)

test.each([1, 4, 9])('a crash after %i batches had consequences: the rest follows from the lake', async (committed) => {
  const first = await bed.start({ state: (state) => failing(state, (transaction) => transaction > committed) })
  await sendAll(first)
  while (first.failures.length === 0) await pause(5)
  first.drop()
  expect(await bed.alerts()).not.toEqual(calm)
  await expectAllOnce(await bed.start())
})

test('events that come in while the former ones are still read back wait for their turn', async () => {
  const first = await bed.start({ state: (state) => failing(state, (transaction) => transaction > 2) })
  await sendAll(first, 0, 6)
  while (first.failures.length === 0) await pause(5)
  first.drop()
  const second = await bed.start()
  await sendAll(second, 6)
  await expectAllOnce(second)
})

test('a lake that fails while it is read back is asked again from there', async () => {
  const first = await bed.start({ state: (state) => failing(state, (transaction) => transaction > 6) })
  await sendAll(first)
  while (first.failures.length === 0) await pause(5)
  first.drop()
  let reads = 0
  const oneByOne = (lake: Lake): Lake =>
    new Proxy(lake, {
      get: (target, name) => {
        if (name === 'readFrom')
          return (writer: string, after: number) => {
            reads += 1
            if (reads === 4 || reads === 9) return Promise.reject(new Error('the connection broke'))
            return target.readFrom(writer, after, 1)
          }
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  const second = await bed.start({ lake: oneByOne })
  await expectAllOnce(second)
  expect(second.failures).toHaveLength(2)
}, 20_000)
