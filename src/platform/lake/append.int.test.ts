import { createHash, randomInt } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestLake, type TestBatch, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import { startEmbeddedLake } from './embedded.ts'
import type { StoredBatch } from './lake.ts'

const HOUR = Date.UTC(2026, 7, 1, 10)

let bed: TestLake
beforeAll(async () => {
  bed = await startTestLake()
})
afterAll(() => bed.stop())

function batch(writer: string, sequence: number, size: number, received = HOUR + sequence): TestBatch {
  const events = Array.from({ length: size }, (_, n) => {
    const id = `${writer}-${sequence}-${n}`
    return testEvent(
      id,
      { n, text: `line\n\n"${'x'.repeat(n % 50)}"\\ 完璧` },
      { observed: received - n, request: `request-${writer}-${sequence}` },
    )
  })
  return testBatch(sequence, received, events, writer)
}

async function readAll(writer: string): Promise<StoredBatch[]> {
  const all: StoredBatch[] = []
  for (;;) {
    const next = await bed.lake.readFrom(writer, all.at(-1)?.sequence ?? 0, 500)
    if (next.length === 0) return all
    all.push(...next)
  }
}

test('what is appended is read back in order, byte for byte', async () => {
  for (const sequence of [1, 2, 3]) await bed.lake.append(batch('order', sequence, 300))
  const stored = await readAll('order')
  expect(stored.map((one) => one.sequence)).toEqual([1, 2, 3])
  for (const [n, one] of stored.entries()) {
    const sent = batch('order', n + 1, 300)
    expect(one).toMatchObject({ writer: 'order', received: sent.received, salt: sent.salt })
    expect(one.json).toEqual(sent.events.map((event) => event.json))
    expect(one.events.map((event) => [event.id, event.observed, event.index, event.doc])).toEqual(
      sent.events.map((event, index) => [event.id, event.observed, index, event.doc]),
    )
  }
  expect(await bed.lake.lastSequence('order')).toBe(3)
  expect(await bed.lake.lastSequence('nobody')).toBe(0)
  expect(await bed.lake.readFrom('order', 3, 10)).toEqual([])
})

test('any observed time is kept, those beyond 1900 to 2299 as the nearest of them', async () => {
  const times = [0, -1, 1, 999, 86_400_000, 1e10, -2_208_988_800_000, Date.UTC(2299, 11, 31), 8.64e15, -8.64e15, 1.5]
  const events = times.map((observed, n) => testEvent(`time-${n}`, {}, { observed }))
  await bed.lake.append(testBatch(1, HOUR, events, 'times'))
  const [stored] = await bed.lake.readFrom('times', 0, 100)
  const kept = times.map((at) => Math.min(Math.max(Math.trunc(at), Date.UTC(1900, 0, 1)), Date.UTC(2299, 11, 31)))
  expect(stored?.events.map((event) => event.observed)).toEqual(kept)
})

test('a batch is one part, however large', async () => {
  const before = (await bed.lake.stats()).events
  await bed.lake.append(batch('large', 1, 20_000))
  expect((await bed.lake.readFrom('large', 0, 1))[0]?.events).toHaveLength(20_000)
  expect((await bed.lake.stats()).events - before).toBe(20_000)
})

test('a batch appended again is stored once; another under its number is not taken for it', async () => {
  const same = batch('again', 1, 5)
  await bed.lake.append(same)
  await bed.lake.append(same)
  expect(await readAll('again')).toHaveLength(1)
  expect((await readAll('again'))[0]?.events).toHaveLength(5)
})

test('requests and ids are known since a time', async () => {
  await bed.lake.append(batch('known', 1, 3))
  const requests = ['request-known-1', 'request-known-2', "'"]
  expect(await bed.lake.knownRequests(requests, HOUR)).toEqual(new Set(['request-known-1']))
  expect(await bed.lake.knownRequests(requests, HOUR + 3_600_000)).toEqual(new Set())
  const many = Array.from({ length: 2500 }, (_, n) => `known-1-${n}`)
  expect(await bed.lake.knownIds(many, HOUR)).toEqual(new Set(['known-1-0', 'known-1-1', 'known-1-2']))
  expect(await bed.lake.knownIds([], HOUR)).toEqual(new Set())
})

test('killed again and again while appending: every acknowledged batch is there, none twice', async () => {
  const acknowledged: number[] = []
  const killer = (async () => {
    for (let kills = 0; kills < 4; kills += 1) {
      await sleep(randomInt(50, 400))
      const pid = bed.process.pid()
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
      while (bed.process.pid() === undefined || bed.process.restarts() <= kills) await sleep(20)
    }
  })()
  let killing = true
  void killer.then(() => {
    killing = false
  })
  for (let sequence = 1; killing || sequence <= 30; sequence += 1) {
    await bed.lake.append(batch('killed', sequence, 200))
    acknowledged.push(sequence)
  }
  await killer
  expect(bed.process.restarts()).toBeGreaterThanOrEqual(4)
  const stored = await readAll('killed')
  expect(stored.map((one) => one.sequence)).toEqual(acknowledged)
  expect(new Set(stored.map((one) => one.events.length))).toEqual(new Set([200]))
}, 120_000)

describe('sealing', () => {
  const hour = HOUR + 10 * 3_600_000

  test('a closed hour becomes a Parquet file of its rows, and may then be forgotten', async () => {
    await bed.lake.append(batch('b', 1, 40, hour))
    await bed.lake.append(batch('a', 2, 50, hour + 3_599_999))
    await bed.lake.append(batch('a', 1, 60, hour + 5))
    await bed.lake.append(batch('a', 3, 1, hour + 3_600_000))
    expect(await bed.lake.closedHours(hour + 3_600_000)).not.toContain(hour)
    expect(await bed.lake.closedHours(hour + 2 * 3_600_000)).toContain(hour)
    const sealed = await bed.lake.sealHour(hour)
    const bytes = readFileSync(join(bed.folder, 'sealed', '2026-08-01T20', 'events.parquet'))
    expect(sealed).toEqual({
      hour,
      file: 'lake/sealed/2026-08-01T20/events.parquet',
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.length,
      rows: 150,
      batches: [
        { writer: 'a', sequence: 1, count: 60 },
        { writer: 'a', sequence: 2, count: 50 },
        { writer: 'b', sequence: 1, count: 40 },
      ],
      firstReceived: hour,
      lastReceived: hour + 3_599_999,
    })
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    const rows = await parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) } })
    expect(rows.map((row) => row['id'])).toEqual(
      [batch('a', 1, 60), batch('a', 2, 50), batch('b', 1, 40)].flatMap((one) => one.events.map((event) => event.id)),
    )
    expect(rows.map((row) => row['doc'])).toContain(batch('a', 1, 60).events[7]?.json)
    expect(await bed.lake.sealHour(hour)).toMatchObject({ rows: 150 })
    await bed.lake.dropHour(hour)
    expect(await bed.lake.readFrom('a', 0, 1000)).toHaveLength(1)
    expect(existsSync(join(bed.folder, 'sealed', '2026-08-01T20', 'events.parquet'))).toBe(true)
  })
})

test('the folder belongs to one process at a time, and what was stored outlives it', async () => {
  const first = await startTestLake()
  await first.lake.append(batch('w', 1, 10))
  await first.lake.close()
  await first.process.stop()
  const second = await startTestLake({ folder: first.folder })
  expect(await second.lake.lastSequence('w')).toBe(1)
  await second.stop()
  rmSync(first.folder, { recursive: true })
})

test('a folder that cannot be used is reported, not tried for ever', async () => {
  const options = { folder: '/proc/kanpeki', memory: 1, log: () => {} }
  await expect(startEmbeddedLake(options)).rejects.toThrow()
})
