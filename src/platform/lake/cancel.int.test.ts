import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestLake, type TestLake } from '../testing/lakes.ts'
import { clientOf } from './connect.ts'
import { Engine } from './engine-calls.ts'
import { parseQuery } from './query/parse.ts'

const LONG = 'SELECT count() AS n FROM numbers(1000000000000) WHERE cityHash64(number) % 7 = 3 SETTINGS max_threads = 1'
const READERS = 3

let bed: TestLake
let engine: Engine
beforeAll(async () => {
  bed = await startTestLake()
  engine = new Engine(clientOf(bed.process.address), 60_000)
})
afterAll(async () => {
  await engine.close()
  await bed.stop()
})

/** A cancelled one stays in the list until its connection is used again, and does nothing. */
const LIST = `SELECT query FROM system.processes
  WHERE query LIKE '%numbers(1000%' AND query NOT LIKE '%processes%' AND NOT is_cancelled`
const running = async (): Promise<number> => (await engine.rows(LIST)).length

async function settled(wanted: number): Promise<void> {
  for (let tries = 0; (await running()) !== wanted; tries++) {
    if (tries > 100) throw new Error(`${await running()} statements run, not ${wanted}`)
    await sleep(50)
  }
}

test('a statement that nobody waits for is ended in the engine, and not tried again', async () => {
  const stop = new AbortController()
  const asked = engine.rows(LONG, undefined, stop.signal)
  await settled(1)
  stop.abort()
  await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
  await settled(0)
})

test('so are those that still wait for their turn', async () => {
  const stop = new AbortController()
  // One reader stays free, to look at the others.
  const asked = Array.from({ length: READERS - 1 }, () => engine.rows(LONG, undefined, stop.signal))
  await settled(READERS - 1)
  const late = new AbortController()
  const holding = Array.from({ length: 4 }, () => engine.rows(LONG, undefined, late.signal))
  late.abort()
  stop.abort()
  const ends = await Promise.allSettled([...asked, ...holding])
  for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } })
  await settled(0)
})

test('a search takes the signal', async () => {
  const request = { scope: 'default', query: parseQuery('*'), range: { from: 0, to: 1000 }, signal: AbortSignal.abort() }
  const calls = [
    bed.lake.search({ ...request, limit: 1 }),
    bed.lake.count(request),
    bed.lake.histogram({ ...request, step: 100 }),
    bed.lake.top({ ...request, field: 'host.name', limit: 1 }),
  ]
  for (const end of await Promise.allSettled(calls))
    expect(end).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } })
})
