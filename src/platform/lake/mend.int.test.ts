import { globSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestLake, type TestLake, testEvent } from '../testing/lakes.ts'
import { rowsOf } from './encode.ts'
import { type LakeMender, openMender } from './mend.ts'
import { parseQuery } from './query/parse.ts'

const HOUR = Date.UTC(2026, 10, 22, 4)
const NOW = HOUR + 3 * 3_600_000
let bed: TestLake
let mender: LakeMender
beforeEach(async () => {
  bed = await startTestLake({ clock: { now: () => NOW } })
  mender = await open()
})
afterEach(async () => {
  await mender.close()
  await bed.stop()
})

const open = (): Promise<LakeMender> => {
  const { address } = bed.process
  if (address.kind !== 'embedded') throw new TypeError('not embedded')
  return openMender(address)
}

const EVENTS = 300
async function fill(): Promise<void> {
  for (let sequence = 1; sequence <= 4; sequence++)
    await bed.lake.append({
      writer: 'w1',
      sequence,
      received: HOUR + sequence * 1_500_000,
      salt: `0${sequence}`.repeat(16),
      rows: rowsOf(
        Array.from({ length: EVENTS }, (_, n) =>
          testEvent(
            `${sequence}-${n}`,
            {
              message: `event ${n}`,
              user: { name: n % 3 === 0 ? 'alice' : ['x'] },
              source: { ip: '192.0.2.7', port: n },
              event: { category: ['a', 'b'] },
            },
            { observed: HOUR + n, scope: n % 2 === 0 ? 'default' : 'team', request: `r${sequence}` },
          ),
        ),
      ),
    })
}

/** All that the lake says of its events. */
async function contents(): Promise<unknown> {
  const batches = await bed.lake.readFrom('w1', 0, 1_000_000)
  const hits = await Promise.all(
    ['user.name:alice', 'source.ip:192.0.2.0/24', 'source.port:[10 TO 20]', 'event.category:b', 'user.name:x'].map((query) =>
      bed.lake.count({ scope: undefined, query: parseQuery(query) }),
    ),
  )
  const known = await bed.lake.knownRequests(['r1', 'r2', 'r9'], 0)
  return { batches, hits, known: [...known].sort() }
}

const dataOf = (part: RegExp): string => {
  const found = globSync('engine/store/*/*/*/data.bin', { cwd: bed.folder }).find((path) => part.test(path))
  return join(bed.folder, found!)
}

test('an hour of which parts are damaged comes back from its sealed file as it was, erased events not', async () => {
  await fill()
  await bed.lake.erase(HOUR, { scope: 'team', query: parseQuery('user.name:alice'), upto: new Map([['w1', 4]]) })
  const before = await contents()
  const sealed = await bed.lake.sealHour(HOUR)
  const path = dataOf(new RegExp(`${HOUR / 1000}_1_1`))
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(path, bytes)
  const broken = await mender.brokenParts()
  expect(broken).toHaveLength(1)
  expect(broken[0]!.name).toMatch(/_1_1_/)
  await mender.setAside(broken[0]!.name)
  const upto = new Map([['w1', 4]])
  const erased = Math.ceil(EVENTS / 6)
  expect(await mender.counted(upto)).toEqual(
    new Map([
      [HOUR, EVENTS - erased],
      [HOUR + 3_600_000, 2 * EVENTS],
    ]),
  )
  expect(await mender.batchesOf(HOUR)).toEqual(new Map([['w1/2', EVENTS - erased]]))
  const file = join(bed.folder, 'sealed', sealed.file.slice('lake/sealed/'.length))
  expect(await mender.refill(HOUR, file)).toBe(sealed.rows)
  expect(await contents()).toEqual(before)
  // Run again, as after a crash in the middle.
  await mender.refill(HOUR, file)
  expect(await contents()).toEqual(before)
  expect((await bed.lake.sealHour(HOUR)).sha256).toBe(sealed.sha256)
  expect(await mender.counted(new Map([['w1', 1]]))).toEqual(new Map([[HOUR, EVENTS - erased]]))
})

test('what is damaged is said so, and never taken for nothing', async () => {
  await fill()
  truncateSync(dataOf(/_2_2_/), 200)
  await expect(bed.lake.search({ scope: undefined, query: parseQuery('*'), limit: 5000 })).rejects.toMatchObject({
    code: expect.stringMatching(/^lake_(damaged|refused)$/) as string,
  })
  expect(await mender.brokenParts()).toHaveLength(1)
})
