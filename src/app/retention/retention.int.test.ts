import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LakeEvent } from '../../platform/lake/lake.ts'
import { testEvent } from '../../platform/testing/lakes.ts'
import { DAY_MS, type RetentionPolicy } from './policy.ts'
import { insertHold } from './queries.ts'
import { runRetention } from './run.ts'
import type { RetentionTables } from './tables.ts'
import { HOUR, type KeepingBed, openKeepingBed } from './testing/keeping-bed.ts'
import { POLICY } from './testing/policy.ts'

const NOW = Date.UTC(2026, 10, 22, 9, 30)
const CHILD = fileURLToPath(new URL('./testing/retain-until-killed.ts', import.meta.url))

let folder: string
let bed: KeepingBed
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kanpeki-retention-'))
  bed = await openKeepingBed(folder, NOW)
})
afterEach(async () => {
  await bed.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Eight hours, 18 hours apart, the oldest six days old: ten plain events, ten noisy ones, five of the bank, in each. */
async function fill(): Promise<void> {
  for (let n = 0; n < 8; n++) {
    const received = NOW - 6 * DAY_MS + n * 18 * HOUR
    const events: LakeEvent[] = Array.from({ length: 25 }, (_, i) =>
      testEvent(
        `${n}-${i}`,
        { user: { name: i === 0 ? 'alice' : `u${i}` }, message: `hour ${n}, event ${i}` },
        { observed: received, source: i < 10 ? 'noisy' : 'calm', scope: i >= 20 ? 'bank' : 'default' },
      ),
    )
    await bed.append(n + 1, received, events)
  }
  await bed.seal()
}

const run = (policy: RetentionPolicy = POLICY) => runRetention({ ...bed, drain: () => bed.drainer.drain(), policy })

async function hold(query: string, more: Partial<RetentionTables['retention_holds']> = {}): Promise<void> {
  await insertHold(bed.state.tables<RetentionTables>(), {
    id: query,
    scope: '*',
    name: 'Case 7',
    query,
    begins: null,
    ends: null,
    owner: 'Counsel',
    reason: 'Court order',
    by_id: 'a',
    by_name: 'Sato',
    created: NOW,
    until: null,
    released: null,
    released_by: null,
    ...more,
  })
}

const proved = async (): Promise<unknown> => {
  const { verdict, failures } = await bed.verify()
  return [verdict, failures]
}

describe('by age', () => {
  test('whole hours go with their files, and verify explains what is gone', async () => {
    await fill()
    const status = await run({ ...POLICY, exceptions: [] })
    expect(await bed.count('*')).toBe(4 * 25)
    expect(status).toMatchObject({ droppedHours: 4, droppedEvents: 100, heldHours: 0, state: 'fine' })
    expect(bed.has('lake/sealed/2026-11-16T09/events.parquet')).toBe(false)
    expect(await proved()).toEqual(['proved', []])
    expect((await bed.verify()).notes.join(' ')).toContain('4 sealed segments')
    // Numbers are not used again, though the lake does not know them any more.
    expect(await run({ ...POLICY, exceptions: [] })).toMatchObject({ droppedHours: 4 })
  })

  test('a source and a scope have their own days; what stays is still proven', async () => {
    await fill()
    await run()
    const gone = await Promise.all(['kanpeki.source:noisy', 'kanpeki.scope:bank', '*'].map((query) => bed.count(query)))
    // Noisy events of the last day, the bank's of all eight hours, the others' of three days.
    expect(gone).toEqual([10, 40, 10 + 40 + 40])
    expect(await proved()).toEqual(['proved', []])
    expect(bed.has('lake/sealed/2026-11-16T09/events.parquet')).toBe(false)
    expect(bed.has('lake/sealed/2026-11-16T09/events-1.parquet')).toBe(true)
  })

  test('nothing asked, nothing lost', async () => {
    await fill()
    await run({ days: null, size: null, exceptions: [], alertDays: null })
    expect(await bed.count('*')).toBe(200)
  })
})

test('a hold keeps its events until it ends or is released, and nothing else', async () => {
  await fill()
  await hold('user.name:alice')
  await hold('message:"hour 1, event 3"', { until: NOW - 1 })
  await hold('message:"hour 1, event 4"', { released: NOW - 1 })
  await hold('message:event', { id: 'span', begins: NOW - 6 * DAY_MS, ends: NOW - 6 * DAY_MS + 1 })
  const strict = { ...POLICY, exceptions: [] }
  expect(await run(strict)).toMatchObject({ heldHours: 4, droppedHours: 0 })
  // The first hour is held as a whole; three hours keep alice only.
  expect(await bed.count('*')).toBe(100 + 25 + 3)
  expect(await run(strict)).toMatchObject({ heldHours: 4 })
  expect(await proved()).toEqual(['proved', []])
  await bed.state.tables<RetentionTables>().updateTable('retention_holds').set({ released: NOW }).execute()
  expect(await run(strict)).toMatchObject({ heldHours: 0, droppedHours: 4 })
  expect(await bed.count('*')).toBe(100)
  expect(await proved()).toEqual(['proved', []])
})

test('by size the oldest hours go, never held ones, and a warning comes first', async () => {
  await fill()
  await bed.lake.compact()
  const none = { ...POLICY, days: null, exceptions: [] }
  const { used } = await run(none)
  expect(await run({ ...none, size: Math.ceil(used * 1.05) })).toMatchObject({ state: 'near', droppedHours: 0 })
  await hold('message:"hour 0"')
  const roomy = await run({ ...none, days: 30, size: Math.ceil(used * 0.75) })
  expect(roomy.used).toBeLessThanOrEqual(used * 0.75)
  expect(roomy.state).toBe('early')
  expect(await bed.count('message:"hour 0"')).toBe(25)
  expect(await bed.count('message:"hour 1,"')).toBe(0)
  expect(await bed.count('message:"hour 7,"')).toBe(25)
  expect(await run({ ...none, size: 1 })).toMatchObject({ state: 'over' })
  expect(await bed.count('*')).toBe(25)
  expect(await proved()).toEqual(['proved', []])
})

test('killed again and again in the middle, it ends where it would have ended', async () => {
  await fill()
  await hold('user.name:alice')
  let kills = 0
  for (let most = 1; ; most += 1 + Math.floor(kills / 3)) {
    await bed.stop()
    const child = spawnSync(process.execPath, [CHILD, folder, String(NOW), String(most)], { encoding: 'utf8' })
    bed = await openKeepingBed(folder, NOW)
    expect(child.stderr).toBe('')
    if (child.signal === 'SIGKILL') kills += 1
    // Whenever it dies: what is held is there, and what is gone is explained.
    expect(await bed.count('user.name:alice')).toBe(8)
    expect(await proved()).toEqual(['proved', []])
    if (child.status === 0) break
  }
  console.log(`killed ${kills} times`)
  expect(kills).toBeGreaterThan(5)
  expect(await bed.count('kanpeki.source:noisy NOT user.name:alice')).toBe(9)
  expect(await bed.count('*')).toBe(10 + 40 + 40 + 7)
}, 300_000)
