import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyCounts } from '../../collect/accounting.ts'
import type { RawRecord } from '../../kernel/event.ts'
import { dataDir, prepareDataDir } from '../../platform/data-dir.ts'
import { connectLake } from '../../platform/lake/connect.ts'
import { type EmbeddedLake, startEmbeddedLake } from '../../platform/lake/embedded.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { openState, type State } from '../../platform/state/state.ts'
import { batchRoot } from '../../prove/batch-root.ts'
import { openDrainer } from '../../prove/drain.ts'
import { type Ledger, openLedger } from '../../prove/ledger.ts'
import { readFolder } from '../../prove/read-folder.ts'
import { verifyDirectory } from '../../prove/verify/directory.ts'
import type { VerifyReport } from '../../prove/verify/report.ts'
import { migrations } from '../migrations.ts'
import { createDetector } from './detector.ts'
import { openRoots } from './roots.ts'
import { sealClosedHours } from './seal.ts'
import { createWriter, type Writer } from './writer.ts'

const HOUR = 3_600_000
const BEGIN = Date.UTC(2026, 10, 22, 9, 30)
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-seal-'))
const dir = dataDir(join(folder, 'data'))
let now = BEGIN
const clock = { now: () => now }
let engine: EmbeddedLake
let lake: Lake
let state: State
let ledger: Ledger
let writer: Writer
let idle: () => Promise<void>

beforeAll(async () => {
  prepareDataDir(dir)
  state = await openState({ path: dir.state }, migrations, clock)
  ledger = await openLedger({ data: dir.root, clock })
  engine = await startEmbeddedLake({ folder: dir.lake, memory: 512 * 1024 ** 2, log: () => {} })
  lake = await connectLake(engine.address, { sealed: dir.sealed, clock })
  const detector = createDetector({
    state,
    lake,
    clock,
    writer: 'w1',
    until: 0,
    rules: { horizon: 0, conclude: () => [], run: () => [], takeQuarantined: () => [] },
    recordQuarantined: async () => {},
    batchRoot,
    recordDetections: async () => ({ changed: 0 }),
    applyCounts,
    recordEvidence: (trx, evidence) => recordEvidence(trx, evidence, clock),
    watch: { checkpoint: 0, saw: () => {}, tookIn: () => {} },
    behaviour: { checkpoint: 0, take: () => [], run: () => [], saw: () => {} },
    countsOf: () => [],
    progressed: () => {},
    failed: (error) => {
      throw error
    },
  })
  idle = () => detector.idle()
  writer = await createWriter({
    lake,
    clock,
    writer: 'w1',
    roots: openRoots(),
    parse: (record) => ({ parser: 'test', events: [{ observed: undefined, ecs: { message: record.text ?? '' } }] }),
    look: () => {},
    known: {
      handOver: () => ({ size: 0, scopeOf: () => undefined }),
      finish: () => undefined,
      zoneMinutes: () => 0,
    },
    committed: (batch) => detector.push(batch),
    ready: () => detector.ready(),
  })
})
afterAll(async () => {
  await lake.close()
  await engine.stop()
  await state.close()
  rmSync(folder, { recursive: true })
})

async function send(...texts: readonly string[]): Promise<void> {
  const records: RawRecord[] = texts.map((text, at) => ({ id: `${now}-${at}`, text }))
  await writer.submit({
    source: 'http:test',
    scope: 'default',
    request: '',
    records,
    mayRepeat: () => false,
    zoneMinutes: 0,
    parsers: [],
    bytes: 0,
    gaps: 0,
    refused: 0,
  })
  await idle()
}

async function seal(): Promise<readonly number[]> {
  const sealed = await sealClosedHours({ lake, state, clock })
  const drainer = await openDrainer({ ledger, state, clock })
  await drainer.stop()
  return sealed
}

const verify = (): Promise<VerifyReport> => verifyDirectory(readFolder(dir.root), { trusted: [ledger.key] })

it('seals an hour only once it is over and nothing of it can be on its way', async () => {
  await send('one', 'two')
  await send('three')
  now = Date.UTC(2026, 10, 22, 10, 4)
  await send('next hour')
  expect(await seal()).toEqual([])
  now = Date.UTC(2026, 10, 22, 10, 6)
  expect(await seal()).toEqual([Date.UTC(2026, 10, 22, 9)])
  expect(await seal()).toEqual([])
})

it('writes every event of the hour into a Parquet file that others can read', async () => {
  const [file] = await readFolder(dir.root).list('lake/sealed')
  const bytes = readFileSync(join(dir.root, file!))
  const rows = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    compressors,
  })
  const text = new TextDecoder()
  const messages = rows.map(
    (row) =>
      (JSON.parse(typeof row['doc'] === 'string' ? row['doc'] : text.decode(row['doc'] as Uint8Array)) as { message: string })
        .message,
  )
  expect(messages).toEqual(['one', 'two', 'three'])
})

it('proves as it stands, and names the segment of which one byte was changed or which is gone', async () => {
  const whole = await verify()
  expect([whole.verdict, whole.failures]).toEqual(['proved', []])
  const [file] = await readFolder(dir.root).list('lake/sealed')
  const path = join(dir.root, file!)
  const bytes = readFileSync(path)
  let changes = 0
  for (let at = 0; at < bytes.length; at += 97) {
    const changed = Buffer.from(bytes)
    changed[at] = changed[at]! ^ 1
    writeFileSync(path, changed)
    const report = await verify()
    expect(report.failures.map((failure) => failure.path)).toEqual([file])
    changes += 1
  }
  expect(changes).toBeGreaterThan(10)
  rmSync(path)
  expect((await verify()).failures.map((failure) => failure.path)).toEqual([file])
  writeFileSync(path, bytes)
  expect((await verify()).verdict).toBe('proved')
  console.log(`${changes} changed bytes, each named`)
})

it('seals an hour of silence between two busy ones as nothing', async () => {
  now = Date.UTC(2026, 10, 22, 12, 0)
  await send('after the silence')
  now += 2 * HOUR
  expect(await seal()).toEqual([Date.UTC(2026, 10, 22, 10), Date.UTC(2026, 10, 22, 12)])
  expect((await verify()).verdict).toBe('proved')
})
