import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestLake, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import type { Condemned, CondemnedBatch, StoredBatch } from './lake.ts'
import { parseQuery } from './query/parse.ts'

const HOUR = Date.UTC(2026, 7, 1, 10)
const SALTS = ['00ff10ab00ff10ab00ff10ab00ff10ab', 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf', '0102030405060708090a0b0c0d0e0f10']

let bed: TestLake
beforeAll(async () => {
  bed = await startTestLake()
  for (const [n, salt] of SALTS.entries()) {
    const events = Array.from({ length: 300 }, (_, i) =>
      testEvent(`${n}-${i}`, { user: { name: i % 10 === n ? 'alice' : 'bob' }, message: `第${i}` }),
    )
    await bed.lake.append({ ...testBatch(n + 1, HOUR + n * 60_000, events), salt })
  }
  await bed.lake.append({ ...testBatch(4, HOUR, [testEvent('other', { user: { name: 'bob' } })]), salt: SALTS[0]! })
})
afterAll(() => bed.stop())

const what = (text: string, upto = 9): Condemned => ({ scope: 'default', query: parseQuery(text), upto: new Map([['w', upto]]) })

async function condemned(which: Condemned): Promise<CondemnedBatch[]> {
  const batches: CondemnedBatch[] = []
  for await (const batch of bed.lake.condemned(HOUR, which)) batches.push(batch)
  return batches
}

function salt(batch: number, index: number): string {
  const place = Buffer.alloc(4)
  place.writeUInt32BE(index)
  return createHash('sha256').update(Buffer.from(SALTS[batch]!, 'hex')).update(place).digest('hex')
}

const leaf = (own: string, json: string): string =>
  createHash('sha256').update('\0').update(Buffer.from(own, 'hex')).update(json).digest('hex')

test('tells the leaves of what would go, as the ledger computes them, before and after a first erasure', async () => {
  const before = await condemned(what('user.name:alice'))
  expect(before.map(({ sequence, leaves }) => [sequence, leaves.length])).toEqual([
    [1, 30],
    [2, 30],
    [3, 30],
  ])
  const [stored] = await bed.lake.readFrom('w', 1, 1)
  const { index } = before[1]!.leaves[3]!
  expect(before[1]!.leaves[3]!.leaf).toBe(leaf(salt(1, index), stored!.json[index]!))
  expect(await condemned(what('user.name:alice', 1))).toEqual(before.slice(0, 1))
})

test('takes them out, with the salts of their batches and of no other', async () => {
  const bobs = await condemned(what('user.name:bob'))
  await bed.lake.erase(HOUR, what('user.name:alice', 2))
  expect(await condemned(what('user.name:alice'))).toMatchObject([{ sequence: 3 }])
  const batches: readonly StoredBatch[] = await bed.lake.readFrom('w', 0, 10_000)
  expect(batches.map(({ salt, salts, events }) => [salt, salts?.length, events.length])).toEqual([
    ['', 270, 270],
    ['', 270, 270],
    [SALTS[2], undefined, 300],
    [SALTS[0], undefined, 1],
  ])
  for (const [n, { events, salts }] of batches.slice(0, 2).entries())
    for (const [at, { index }] of events.entries()) expect(salts![at]).toBe(salt(n, index))
  // What stays has the leaf that it had.
  expect(await condemned(what('user.name:bob'))).toEqual(bobs)
})

test('can be run again, and further events of such a batch can go', async () => {
  await bed.lake.erase(HOUR, what('user.name:alice', 2))
  await bed.lake.erase(HOUR, what('message:第299'))
  expect(await bed.lake.count({ scope: undefined, query: parseQuery('message:第299') })).toBe(0)
  const [first] = await bed.lake.readFrom('w', 0, 1)
  expect(first!.salts!.at(-1)).toBe(salt(0, 298))
  await bed.lake.erase(HOUR, { ...what('*'), upto: new Map() })
  expect(await bed.lake.count({ scope: undefined, query: parseQuery('*') })).toBe(269 + 269 + 299 + 1)
})

test('takes out rows by name as it does by what they are', async () => {
  const which = what('message:第29')
  const found = await condemned(which)
  expect(found.length).toBeGreaterThan(2)
  const rows = found.map(({ writer, sequence, leaves }) => ({ writer, sequence, indexes: leaves.map(({ index }) => index) }))
  const before = await bed.lake.count({ scope: undefined, query: parseQuery('*') })
  await bed.lake.erase(HOUR, which, rows)
  expect(await condemned(which)).toEqual([])
  const gone = found.reduce((sum, { leaves }) => sum + leaves.length, 0)
  expect(await bed.lake.count({ scope: undefined, query: parseQuery('*') })).toBe(before - gone)
  const [first] = await bed.lake.readFrom('w', 0, 1)
  expect(first!.salts!.at(-1)).toBe(salt(0, first!.events.at(-1)!.index))
  await bed.lake.erase(HOUR, which, [])
})

test('seals each revision into a file of its own', async () => {
  const files = [await bed.lake.sealHour(HOUR), await bed.lake.sealHour(HOUR, 2)]
  expect(files.map(({ file }) => file)).toEqual([
    'lake/sealed/2026-08-01T10/events.parquet',
    'lake/sealed/2026-08-01T10/events-2.parquet',
  ])
})
