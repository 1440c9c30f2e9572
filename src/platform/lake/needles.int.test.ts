import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import { clientOf } from './connect.ts'
import { Engine } from './engine-calls.ts'
import { search } from './queries.ts'
import { parseQuery } from './query/parse.ts'

const HOUR = 3_600_000
const NOW = Date.now()
/** Rows of a granule, the least that a search can leave out. */
const GRANULE = 8192
const PARTS = 3
const HASH = (part: number): string => String(part).repeat(64)

let bed: TestLake
let engine: Engine
beforeAll(async () => {
  bed = await startTestLake()
  engine = new Engine(clientOf(bed.process.address), 1000)
  for (let part = 0; part < PARTS; part++) {
    const events = Array.from({ length: GRANULE }, (_, n) => {
      const doc: JsonObject = {
        host: { name: `host-${part}` },
        user: { name: `user-${part}-${n}` },
        source: { ip: `10.${part}.${n >> 8}.${n & 255}` },
        file: { hash: { sha256: n === 7 ? HASH(part) : `${part}x${n}` } },
      }
      return testEvent(`p${part}-${n}`, doc, { observed: NOW - (PARTS - part) * 10 * HOUR + n })
    })
    await bed.lake.append(testBatch(part + 1, NOW, events))
  }
  await bed.lake.compact()
}, 60_000)
afterAll(async () => {
  await engine.close()
  await bed.stop()
})

/** Granules that are read for it, of how many. */
async function granules(query: string): Promise<readonly [read: number, all: number]> {
  const { sql, params } = search({ scope: 'default', query: parseQuery(query), limit: 20 }, undefined, NOW)
  const rows = await engine.rows<{ explain: string }>(`EXPLAIN indexes = 1 ${sql}`, params)
  const counts = rows.flatMap(({ explain }) => {
    const [, read, all] = /Granules: (\d+)\/(\d+)/.exec(explain) ?? []
    return all === undefined ? [] : [[Number(read), Number(all)] as const]
  })
  return [Math.min(...counts.map(([read]) => read)), Math.max(...counts.map(([, all]) => all))]
}

describe('a needle is looked for only where the indexes say that it may be', () => {
  test.each([
    ['host.name:host-1', 1],
    ['host.name:HOST-1', 1],
    ['user.name:user-2-17', 1],
    ['user.name:nobody', 0],
    ['source.ip:10.0.3.4', 1],
    ['source.ip:172.16.0.1', 0],
    [`file.hash.sha256:${HASH(1)}`, 1],
    [`file.hash.sha256:${HASH(1).slice(1)}`, 0],
  ] as const)('%s', async (query, read) => {
    const [least, all] = await granules(query)
    expect(all).toBeGreaterThanOrEqual(PARTS)
    expect(least).toBeLessThanOrEqual(read)
    const { events } = await bed.lake.search({ scope: 'default', query: parseQuery(query), limit: 5 })
    expect(events.length > 0).toBe(read > 0)
  })
})

test('pages of the newest first go on through all spans of time without a gap', async () => {
  const ages = [-2, 0.2, 0.9, 1, 1.5, 15.9, 16, 17, 100, 24 * 400]
  const events = ages.map((hours) => testEvent(`aged ${hours}`, { message: 'aged' }, { observed: NOW - hours * HOUR }))
  await bed.lake.append(testBatch(PARTS + 1, NOW, events.toReversed()))
  for (const limit of [1, 3, ages.length, ages.length + 1]) {
    const found: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await bed.lake.search({
        scope: 'default',
        query: parseQuery('message:aged'),
        limit,
        ...(after === undefined ? {} : { after }),
      })
      found.push(...page.events.map(({ id }) => id))
      after = page.cursor
      if (after === undefined) break
    }
    expect(found).toEqual(ages.map((hours) => `aged ${hours}`))
  }
})
