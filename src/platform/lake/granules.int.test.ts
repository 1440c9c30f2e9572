import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestLake, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import { clientOf } from './connect.ts'
import { Engine } from './engine-calls.ts'

const MEGABYTE = 1_000_000
const HOUR = Date.UTC(2026, 7, 1, 10)

let bed: TestLake
let engine: Engine
beforeAll(async () => {
  bed = await startTestLake()
  engine = new Engine(clientOf(bed.process.address), 1000)
})
afterAll(async () => {
  await engine.close()
  await bed.stop()
})

/** A merge holds some granules of each of its parts at once, and there may be a dozen and more of them. */
test('no granule is much larger than two megabytes, in fresh parts and in merged ones', async () => {
  for (const sequence of [1, 2]) {
    const events = Array.from({ length: 3_000 }, (_, n) =>
      testEvent(`${sequence}-${n}`, { message: 'three thousand '.repeat(200) }),
    )
    await bed.lake.append(testBatch(sequence, HOUR, events))
  }
  const granules = () =>
    engine.rows<{ level: number; bytes: number }>(
      `SELECT level, toUInt32(data_uncompressed_bytes / marks) AS bytes FROM system.parts
       WHERE active AND database = currentDatabase() AND table = 'events' ORDER BY name`,
    )
  const fresh = await granules()
  expect(fresh.map(({ level }) => level)).toEqual([0, 0])
  await bed.lake.compact()
  const merged = await granules()
  expect(merged).toHaveLength(1)
  for (const { bytes } of [...fresh, ...merged]) {
    expect(bytes).toBeGreaterThan(MEGABYTE / 2)
    expect(bytes).toBeLessThan(2.5 * MEGABYTE)
  }
})
