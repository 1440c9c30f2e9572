import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestLake, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import { clientOf } from './connect.ts'
import { Engine } from './engine-calls.ts'
import { attachParts, freezeLake } from './freeze.ts'
import { histogram } from './histogram.ts'
import { parseQuery } from './query/parse.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 7, 1, 10)
const SEED = 20_261_122

let bed: TestLake
beforeAll(async () => {
  bed = await startTestLake()
})
afterAll(() => bed?.stop())

let state = SEED
const pick = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

/** Among them the first and last milliseconds of minutes, and times that no 32 bits of seconds hold. */
async function append(sequence: number): Promise<void> {
  const strange = [Date.UTC(1950, 1, 1), Date.UTC(2150, 1, 1), START, START - 1, START + MINUTE, START + MINUTE - 1]
  const times = [...strange, ...Array.from({ length: 300 }, () => START + pick(8 * 60 * MINUTE))]
  const events = times.map((observed, n) =>
    testEvent(`e-${sequence}-${n}`, { message: 'x' }, { observed, scope: pick(3) === 0 ? 'other' : 'default' }),
  )
  await bed.lake.append(testBatch(sequence, Date.UTC(2026, 7, 1), events))
}

const all = parseQuery('*')
/** The same of each event, but not by the minute. */
const each = { kind: 'not', part: parseQuery('event.id:nobody') } as const

test(`bars of everything are the same by the minute and by the event (seed ${SEED})`, async () => {
  let compared = 0
  let counted = 0
  for (const sequence of [1, 2, 3]) {
    await append(sequence)
    if (sequence === 2) await bed.lake.compact()
    for (const scope of ['default', undefined])
      for (const step of [5 * MINUTE, 437_123, 16 * MINUTE, 9 * 3_600_000])
        for (const from of [START, START - 1, START + pick(MINUTE)]) {
          const range = { from, to: from + 3_600_000 + pick(8 * 3_600_000) }
          const [byMinute, byEvent] = await Promise.all(
            [all, each].map((query) => bed.lake.histogram({ scope, query, range, step })),
          )
          expect(byMinute, `${sequence} ${scope} ${from} ${range.to} ${step}`).toEqual(byEvent)
          compared += 1
          counted += byEvent!.reduce((sum, { count }) => sum + count, 0)
        }
  }
  expect(compared).toBe(72)
  expect(counted).toBeGreaterThan(10_000)
})

async function plan(of: TestLake): Promise<string> {
  const own = new Engine(clientOf(of.process.address), 60_000)
  const { sql, params } = histogram(
    { scope: 'default', query: all, range: { from: START, to: START + 86_400_000 }, step: 960_000 },
    START,
  )
  try {
    return (await own.rows<{ explain: string }>(`EXPLAIN ${sql}`, params)).map(({ explain }) => explain).join('\n')
  } finally {
    await own.close()
  }
}

test('as many bars as there may be, and more than can be counted by the minute', async () => {
  for (const bars of [500, 501, 2000]) {
    const range = { from: START + 1, to: START + 1 + bars * 5 * MINUTE }
    const found = await bed.lake.histogram({ scope: undefined, query: all, range, step: 5 * MINUTE })
    expect(found).toHaveLength(bars)
    expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(await bed.lake.count({ scope: undefined, query: all, range }))
  }
})

test('what was merged is counted by the minute beforehand, and so it is in a copy', async () => {
  await bed.lake.compact()
  expect(await plan(bed)).toContain('by_minute')
  const frozen = (await freezeLake(bed.process.address, 'copied'))!
  const copy = await startTestLake()
  const parts = mkdtempSync(join(tmpdir(), 'kanpeki-parts-'))
  try {
    cpSync(frozen.folder, parts, { recursive: true })
    expect(frozen.files.some(({ path }) => path.includes('/by_minute.proj/'))).toBe(true)
    await attachParts(copy.process.address, parts)
    expect(await plan(copy)).toContain('by_minute')
    const range = { from: START, to: START + 8 * 3_600_000 }
    const [there, here] = await Promise.all(
      [copy, bed].map(({ lake }) => lake.histogram({ scope: undefined, query: all, range, step: 60 * MINUTE })),
    )
    expect(there).toEqual(here)
  } finally {
    await frozen.release()
    await copy.stop()
    rmSync(parts, { recursive: true, force: true })
  }
})
