import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../kernel/json.ts'
import { parseCsv } from '../platform/csv.ts'
import type { SearchRequest } from '../platform/lake/lake.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../platform/testing/lakes.ts'
import { createExports, type Export } from './export-events.ts'

const EVENTS = 9000
const T0 = Date.UTC(2026, 7, 1)
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-exports-'))
let bed: TestLake
let make: ReturnType<typeof createExports>

/** Three thousand of them at one and the same moment: more than a page. */
const observed = (n: number): number => (n < 3000 ? T0 + n * 1000 : n < 6000 ? T0 + 3_000_000 : T0 + 86_400_000 + n * 60_000)

beforeAll(async () => {
  bed = await startTestLake()
  const events = Array.from({ length: EVENTS }, (_, n) =>
    testEvent(
      `e${n}`,
      {
        '@timestamp': new Date(observed(n)).toISOString(),
        event: { id: `e${n}`, category: ['process', 'network'] },
        user: { name: n === 5 ? '=HYPERLINK("http://x")' : n === 6 ? '完璧, "だ"\nline' : `u${n % 10}` },
        process: { pid: n },
      },
      { observed: observed(n), scope: n === 7 ? 'other' : 'default' },
    ),
  )
  await bed.lake.append(testBatch(1, T0, events.slice(0, 5000)))
  await bed.lake.append(testBatch(2, T0 + 1, events.slice(5000)))
  make = createExports({ lake: bed.lake, folder: join(folder, 'exports') })
}, 60_000)
afterAll(async () => {
  await bed.stop()
  rmSync(folder, { recursive: true, force: true })
})

const asked = (query = '', more: Partial<SearchRequest> = {}): SearchRequest => ({
  scope: 'default',
  query: parseQuery(query),
  ...more,
})

async function all({ bytes }: Pick<Export, 'bytes'>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of bytes) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

const lines = (text: Buffer): JsonObject[] =>
  text
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject)

const ids = (docs: readonly JsonObject[]): unknown[] => docs.map((doc) => (doc['event'] as JsonObject)['id'])

test('every event of the scope once, oldest first, with what it came by', async () => {
  const made = await make(asked(), 'ndjson', 1_000_000)
  expect([made.total, made.given]).toEqual([EVENTS - 1, EVENTS - 1])
  const docs = lines(await all(made))
  expect(new Set(ids(docs)).size).toBe(EVENTS - 1)
  const times = docs.map((doc) => String(doc['@timestamp']))
  expect(times).toEqual(times.toSorted())
  expect(docs[0]).toMatchObject({ event: { id: 'e0' }, kanpeki: { source: 'test', parser: 'json' } })
})

test('a limit gives the oldest and says how many there are', async () => {
  const made = await make(asked('process.pid:[100 TO 4000]'), 'ndjson', 250)
  expect([made.total, made.given]).toEqual([3901, 250])
  expect(ids(lines(await all(made)))).toEqual(Array.from({ length: 250 }, (_, n) => `e${n + 100}`))
  const none = await make(asked('user.name:nobody'), 'csv', 9)
  expect([none.total, (await all(none)).toString().split('\r\n').length]).toEqual([0, 2])
})

test('CSV that a spreadsheet does not take for a formula', async () => {
  const made = await make(asked('process.pid:[5 TO 6]'), 'csv', 9, [
    'event.id',
    'user.name',
    'event.category',
    'process',
    'none.such',
  ])
  expect(parseCsv((await all(made)).toString())).toEqual([
    ['event.id', 'user.name', 'event.category', 'process', 'none.such'],
    ['e5', `'=HYPERLINK("http://x")`, 'process; network', '{"pid":5}', ''],
    ['e6', '完璧, "だ"\nline', 'process; network', '{"pid":6}', ''],
  ])
})

test('Parquet that others can read, whose file does not stay', async () => {
  const made = await make(asked('', { range: { from: T0, to: T0 + 3_000_001 } }), 'parquet', 4000)
  expect(made.given).toBe(4000)
  const file = await all(made)
  const rows = await parquetReadObjects({ file: new Uint8Array(file).buffer, compressors })
  expect(rows).toHaveLength(4000)
  const text = (value: unknown): string => (typeof value === 'string' ? value : new TextDecoder().decode(value as Uint8Array))
  const first = rows.find((row) => text(row['id']) === 'e6')!
  expect(text(first['user_name'])).toBe('完璧, "だ"\nline')
  expect(JSON.parse(text(first['doc']))).toMatchObject({ process: { pid: 6 } })
  expect(readdirSync(join(folder, 'exports'))).toEqual([])
})

test('a few at once; one that is left makes room, begun or not', async () => {
  const leave = new AbortController()
  await make(asked('', { signal: leave.signal }), 'ndjson', 9)
  const begun = await make(asked(), 'ndjson', 1_000_000)
  await expect(make(asked(), 'csv', 9)).rejects.toMatchObject({ code: 'too_many_requests' })
  leave.abort()
  for await (const _ of begun.bytes) break
  const again = [await make(asked(), 'ndjson', 1), await make(asked(), 'ndjson', 1)]
  for (const one of again) expect(lines(await all(one))).toHaveLength(1)
})

test('what is wrong is said before the first byte, and an abort ends it in the middle', async () => {
  await expect(make(asked('/(?=a)b/'), 'ndjson', 9)).rejects.toMatchObject({ code: 'query_regex' })
  const leave = new AbortController()
  const made = await make(asked('', { signal: leave.signal }), 'ndjson', 1_000_000)
  await expect(
    (async () => {
      for await (const _ of made.bytes) leave.abort()
    })(),
  ).rejects.toMatchObject({ code: 'cancelled' })
  await all(await make(asked(), 'ndjson', 1))
})
