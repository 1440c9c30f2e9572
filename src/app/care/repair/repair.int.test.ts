import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfig } from '../../../platform/config.ts'
import { dataDir, lockDataDir } from '../../../platform/data-dir.ts'
import { startEmbeddedLake } from '../../../platform/lake/embedded.ts'
import { openMender } from '../../../platform/lake/mend.ts'
import { parseQuery } from '../../../platform/lake/query/parse.ts'
import { createLog } from '../../../platform/log.ts'
import { recordEvidence } from '../../../platform/state/outbox.ts'
import { openState } from '../../../platform/state/state.ts'
import { testEvent } from '../../../platform/testing/lakes.ts'
import { migrations } from '../../migrations.ts'
import { takeOut } from '../../retention/take-out.ts'
import { HOUR, type KeepingBed, openKeepingBed } from '../../retention/testing/keeping-bed.ts'
import { type DamageStatus, damageStatus, lookForDamage } from '../damage.ts'
import { examine } from '../doctor/doctor.ts'
import type { Outcome } from './outcome.ts'
import { repairFolder } from './repair.ts'

const NOW = Date.UTC(2026, 10, 22, 9, 30)
const clock = { now: () => NOW }
const [OLD, LATE] = [NOW - 5 * HOUR, NOW - 60_000]
const EVENTS = 120
const root = mkdtempSync(join(tmpdir(), 'kanpeki-repair-'))
const whole = join(root, 'whole')
let data: string
let folders = 0

/** Two batches in a sealed hour, one of them with erased events; two in the running one. */
beforeAll(async () => {
  const bed = await openKeepingBed(whole, NOW)
  for (const [n, received] of [OLD, OLD + 1000, LATE, LATE + 1000].entries())
    await bed.append(
      n + 1,
      received,
      Array.from({ length: EVENTS }, (_, i) =>
        testEvent(`${n}-${i}`, { message: `event ${n}-${i}`, user: { name: i === 7 ? 'alice' : 'bob' } }, { observed: received }),
      ),
    )
  await bed.seal()
  await bed.drainer.drain()
  const what = { scope: undefined, query: parseQuery('user.name:alice') }
  await takeOut({ ...bed, drain: () => bed.drainer.drain() }, Math.floor(OLD / HOUR) * HOUR, what, 'erasure 1')
  await bed.drainer.drain()
  await bed.stop()
}, 60_000)
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** @param outdated with the parts that a mutation has replaced, which the engine deletes after some minutes. */
function copy(outdated = false): void {
  folders += 1
  data = join(root, `copy-${folders}`)
  cpSync(whole, data, { recursive: true })
  const used = new Set([...parts(OLD), ...parts(LATE)])
  for (const path of outdated ? [] : globSync('lake/engine/store/*/*/*/data.bin', { cwd: data }).map((path) => join(data, path)))
    if (!used.has(path)) rmSync(dirname(path), { recursive: true })
}

async function repair(acceptLoss = false): Promise<Record<string, Outcome['verdict']>> {
  const outcomes = await repairFolder({ config: readConfig(data, {}, {}), environment: {}, acceptLoss, clock })
  for (const { id, verdict, says, remedy } of outcomes) {
    expect([id, says.en === '', says.ja === '']).toEqual([id, false, false])
    if (verdict === 'fail') expect(remedy?.ja, id).toBeDefined()
  }
  return Object.fromEntries(outcomes.map(({ id, verdict }) => [id.replace('repair.', ''), verdict]))
}

const SOUND = { leftovers: 'pass', state: 'pass', ledger: 'pass', lake: 'pass', counts: 'pass', sealed: 'pass', proof: 'pass' }

/** Everything is there and proved, and a second repair finds nothing to do. */
async function sound(events = 4 * EVENTS - 2): Promise<void> {
  expect(await repair()).toEqual(SOUND)
  const bed = await openKeepingBed(data, NOW)
  try {
    expect(await bed.count('*')).toBe(events)
    expect(await bed.count('alice')).toBe(events === 4 * EVENTS - 2 ? 2 : await bed.count('alice'))
    expect(await bed.verify()).toMatchObject({ verdict: 'proved', failures: [] })
    // The running hour can be sealed.
    bed.clock.set(NOW + 2 * HOUR)
    expect(await bed.seal()).toHaveLength(1)
    expect(await bed.verify()).toMatchObject({ verdict: 'proved', failures: [] })
  } finally {
    await bed.stop()
  }
}

/** Of the parts that are in use, the files with the rows: one that a mutation made has its number at the end. */
function parts(hour: number): string[] {
  const found = globSync(`lake/engine/store/*/*/${(Math.floor(hour / HOUR) * HOUR) / 1000}_*/data.bin`, { cwd: data })
  return found
    .filter((path) => !found.some((other) => other.startsWith(`${dirname(path)}_`)))
    .sort()
    .map((path) => join(data, path))
}

/** What the running server says of it on Overview, three hours later. */
async function told(): Promise<DamageStatus | undefined> {
  const state = await openState({ path: join(data, 'state.db') }, migrations, clock)
  const engine = await startEmbeddedLake({ folder: join(data, 'lake'), memory: 0, log: () => {} })
  if (engine.address.kind !== 'embedded') throw new TypeError('not embedded')
  const mender = await openMender(engine.address)
  try {
    const log = createLog({ write: () => {}, pretty: false, now: Date.now })
    await lookForDamage({ state, mender, root: data, clock, log })
    expect(await damageStatus(state)).toBeUndefined()
    await lookForDamage({ state, mender, root: data, clock: { now: () => NOW + 3 * HOUR }, log })
    return await damageStatus(state)
  } finally {
    await mender.close()
    await engine.stop()
    await state.close()
  }
}

function flip(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(path, bytes)
}

it('finds nothing to do but to log what waits', async () => {
  copy()
  const state = await openState({ path: join(data, 'state.db') }, migrations, clock)
  await state.transaction(async (trx) => {
    const body = { action: 'waits' }
    await recordEvidence(trx, [{ type: 'admin', scope: 'default', observed: NOW, received: NOW, body }], clock)
  })
  await state.close()
  expect(await repair()).toEqual({ ...SOUND, ledger: 'mended' })
  await sound()
}, 60_000)

it('removes what killed processes left, and nothing else', async () => {
  copy()
  const left = [
    'lake/incoming/a.native',
    'lake/exports/b.parquet',
    'backups/.making-1/state/x',
    'lake/sealed/2026-11-22T04/e.parquet.tmp',
  ]
  const own = ['rules/mine.tmp', 'backups/kept.tar', 'kanpeki.yml.tmp.keep']
  for (const path of [...left, ...own]) {
    mkdirSync(join(data, path, '..'), { recursive: true })
    writeFileSync(join(data, path), 'x')
  }
  expect((await repair())['leftovers']).toBe('mended')
  for (const path of left) expect([path, existsSync(join(data, path))]).toEqual([path, false])
  for (const path of own) expect([path, existsSync(join(data, path))]).toEqual([path, true])
  await sound()
}, 60_000)

it.each([
  ['a part with a flipped bit', () => flip(parts(OLD)[0]!)],
  ['a part of which files are missing', () => rmSync(join(parts(OLD)[0]!, '../data.cmrk4'))],
  [
    'parts that are gone',
    () => {
      for (const path of parts(OLD)) rmSync(dirname(path), { recursive: true })
    },
  ],
])(
  'fills an hour from its sealed file: %s',
  async (_, damage) => {
    copy()
    expect(parts(OLD).length).toBeGreaterThan(0)
    damage()
    const found = await repair()
    expect(found).toMatchObject({ state: 'pass', counts: 'mended', sealed: 'pass' })
    await sound()
  },
  60_000,
)

it.each([
  ['a flipped bit', flip],
  ['its end cut off, by a full disk', (path: string) => truncateSync(path, 50)],
])(
  'writes a sealed file again out of the lake: %s',
  async (_, damage) => {
    copy()
    damage(join(data, globSync('lake/sealed/*/*.parquet', { cwd: data })[0]!))
    expect(await repair()).toMatchObject({ counts: 'pass', sealed: 'mended' })
    await sound()
  },
  60_000,
)

it('brings nothing back that was erased, by an outdated part that the engine falls back on', async () => {
  copy(true)
  truncateSync(parts(OLD)[0]!, 100)
  expect(await repair()).toMatchObject({ lake: 'mended', sealed: 'pass' })
  await sound()
}, 60_000)

it('starts an engine anew that cannot open its own files, with all of its parts', async () => {
  copy()
  for (const path of globSync('lake/engine/store/*/*/events.sql', { cwd: data })) writeFileSync(join(data, path), '')
  expect(await repair()).toMatchObject({ lake: 'mended', counts: 'pass', sealed: 'pass' })
  await sound()
}, 60_000)

it('says what is lost, records it only when told to, and the rest can be sealed and proved', async () => {
  copy()
  flip(parts(LATE)[0]!)
  flip(parts(OLD)[0]!)
  const looks = async () =>
    (await examine(readConfig(data, { port: '0' }, {}), {}, NOW, async () => undefined)).find(({ id }) => id === 'lake')
  expect(await repair()).toMatchObject({ lake: 'mended', counts: 'fail', sealed: 'pass' })
  expect(await looks()).toMatchObject({ verdict: 'fail', remedy: { en: expect.stringContaining('--repair') as string } })
  expect(await told()).toMatchObject({ hours: 1, events: EVENTS, files: 0 })
  expect(await repair(true)).toMatchObject({ lake: 'pass', counts: 'mended' })
  expect(await looks()).toMatchObject({ verdict: 'pass' })
  expect(await told()).toBeUndefined()
  const bed = await openKeepingBed(data, NOW)
  const left = await bed.count('*')
  await bed.stop()
  expect(left).toBeLessThan(4 * EVENTS - 2)
  await sound(left)
}, 60_000)

it('keeps a sealed file that has more than a damaged lake, whoever wants to seal the hour anew', async () => {
  copy()
  let bed: KeepingBed = await openKeepingBed(data, NOW)
  const sealed = globSync('lake/sealed/*/*.parquet', { cwd: data })
  await bed.stop()
  truncateSync(parts(OLD)[0]!, 100)
  bed = await openKeepingBed(data, NOW)
  const what = { scope: undefined, query: parseQuery('message:"event 0-9"') }
  await expect(
    takeOut({ ...bed, drain: () => bed.drainer.drain() }, Math.floor(OLD / HOUR) * HOUR, what, 'erasure 2'),
  ).rejects.toMatchObject({ code: 'seal_mismatch' })
  await bed.stop()
  expect(globSync('lake/sealed/*/*.parquet', { cwd: data })).toEqual(sealed)
}, 60_000)

it('refuses a folder in use, and does nothing where a database is damaged', async () => {
  copy()
  const lock = await lockDataDir(dataDir(data))
  await expect(repair()).rejects.toMatchObject({ code: 'data_in_use' })
  lock.release()
  const path = join(data, 'state.db')
  truncateSync(path, 20_000)
  expect(await repair()).toEqual({ leftovers: 'pass', state: 'fail' })
}, 60_000)

it('signs no empty ledger in the place of one that is gone', async () => {
  copy()
  rmSync(join(data, 'ledger'), { recursive: true })
  expect(await repair()).toEqual({ leftovers: 'pass', state: 'pass', ledger: 'fail' })
  await expect(openKeepingBed(data, NOW)).rejects.toMatchObject({ code: 'ledger_rolled_back' })
  expect(globSync('ledger/**/*', { cwd: data })).toEqual([])
}, 60_000)
