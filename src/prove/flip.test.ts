import { expect, test } from 'vitest'
import type { LedgerEntry } from '../kernel/evidence.ts'
import { batchRoot, batchTree, nativeSha256, segmentEvidence } from './batch-root.ts'
import { openLedger } from './ledger.ts'
import { makeBundle } from './make-bundle.ts'
import { entriesFrom, entryOf } from './testing/entries-data.ts'
import { memoryFiles, memoryFolder } from './testing/memory-files.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { verifyBundle } from './verify/bundle.ts'
import { formatBundle } from './verify/bundle-format.ts'
import { toBase64, toHex, utf8 } from './verify/bytes.ts'
import { verifyDirectory } from './verify/directory.ts'

const SALT = '00112233445566778899aabbccddeeff'
const DOCUMENTS = ['{"message":"one"}', '{"message":"二"}', '{"message":"three"}']
const SEGMENT = utf8('PAR1 stands for a sealed hour PAR1')
const FILE = 'segments/2026-03-01T09.parquet'

/** A log with a batch, a segment over it, an alert, and a tile that was partial before. */
async function smallDirectory() {
  const files = new Map<string, Uint8Array>()
  const ledger = await openLedger({ data: temporaryFolder(), files: memoryFiles(files), origin: 'example.com/soc' })
  const root = batchRoot(SALT, DOCUMENTS)
  const segment = segmentEvidence({
    scope: 'default',
    file: FILE,
    bytes: SEGMENT.length,
    sha256: toHex(nativeSha256(SEGMENT)),
    from: 0,
    to: 3_600_000,
    events: 3,
    batches: [{ writer: 'w1', sequence: 1, root }],
  })
  const entries: LedgerEntry[] = [
    entryOf(1, { writer: 'w1', sequence: 1, events: 3, root }, 'batch'),
    entryOf(2, { alert: 'a-1', change: 'raised', events: ['e-2'] }, 'alert'),
    entryOf(3, segment.body, 'segment'),
    entryOf(4, { alert: 'a-1', verdict: 'true-positive' }, 'verdict'),
  ]
  await ledger.append(entries.slice(0, 2))
  await ledger.append(entries.slice(2))
  files.set(FILE, SEGMENT)
  return { files, ledger }
}

/** Every byte of a file, with one bit turned and with all of them. */
function* changesOf(bytes: Uint8Array): Generator<{ at: number; changed: Uint8Array }> {
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of [1 << (at % 8), 0xff]) {
      const changed = Uint8Array.from(bytes)
      changed[at]! ^= mask
      yield { at, changed }
    }
  }
}

test('an untouched directory proves, and any changed byte of any of its files is named', async () => {
  const { files, ledger } = await smallDirectory()
  const trusted = [ledger.key]
  const whole = await verifyDirectory(memoryFolder(files), { trusted })
  expect(whole).toMatchObject({ verdict: 'proved', failures: [], notes: [], checked: { entries: 4, segments: 1, events: 3 } })
  expect([...files.keys()].sort()).toEqual([
    'ledger/checkpoint',
    'ledger/key',
    'ledger/tile/0/000.p/2',
    'ledger/tile/0/000.p/4',
    'ledger/tile/entries/000.p/2',
    'ledger/tile/entries/000.p/4',
    FILE,
  ])
  let cases = 0
  for (const [path, bytes] of files) {
    for (const { at, changed } of changesOf(bytes)) {
      cases++
      const report = await verifyDirectory(memoryFolder(new Map(files).set(path, changed)), { trusted, hash: nativeSha256 })
      const paths = new Set(report.failures.map((failure) => failure.path))
      if (report.verdict !== 'failed' || paths.size !== 1 || !paths.has(path)) {
        expect.fail(`byte ${at} of ${path}: ${report.verdict}, ${JSON.stringify(report.failures)}`)
      }
    }
  }
  console.info(`${cases} changed bytes in ${files.size} files, each named`)
  expect(cases).toBeGreaterThan(4000)
})

test('the end of a file cut off or written on is named', async () => {
  const { files, ledger } = await smallDirectory()
  for (const [path, bytes] of files) {
    for (const changed of [bytes.subarray(0, -1), new Uint8Array(0), Uint8Array.of(...bytes, 0), Uint8Array.of(...bytes, 10)]) {
      const report = await verifyDirectory(memoryFolder(new Map(files).set(path, changed)), { trusted: [ledger.key] })
      expect(report.failures.map((failure) => failure.path)).toContain(path)
    }
    // Partial tiles of older checkpoints are not needed; everything else is.
    if (path.endsWith('.p/2') || path === 'ledger/key') continue
    const without = new Map(files)
    without.delete(path)
    const report = await verifyDirectory(memoryFolder(without), { trusted: [ledger.key] })
    expect(report.failures.map((failure) => failure.path)).toContain(path)
  }
})

test('in a log of several tiles the changed file and entry are named', async () => {
  const files = new Map<string, Uint8Array>()
  const ledger = await openLedger({ data: temporaryFolder(), files: memoryFiles(files) })
  await ledger.append(entriesFrom(1, 700))
  const trusted = [ledger.key]
  expect((await verifyDirectory(memoryFolder(files), { trusted, hash: nativeSha256 })).verdict).toBe('proved')
  for (const [path, bytes] of files) {
    for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
      const changed = Uint8Array.from(bytes)
      changed[at]! ^= 4
      const report = await verifyDirectory(memoryFolder(new Map(files).set(path, changed)), { trusted, hash: nativeSha256 })
      expect(new Set(report.failures.map((failure) => failure.path)), `byte ${at} of ${path}`).toEqual(new Set([path]))
    }
  }
  const entries = Uint8Array.from(files.get('ledger/tile/entries/001')!)
  const place = Buffer.from(entries).indexOf('entry 300 ')
  entries[place]! ^= 1
  const report = await verifyDirectory(memoryFolder(new Map(files).set('ledger/tile/entries/001', entries)), { trusted })
  expect(report.failures).toMatchObject([{ path: 'ledger/tile/entries/001', leaf: 299, code: 'entry_mismatch' }])
})

test('an entry and its tile changed together are found by the tile above', async () => {
  const files = new Map<string, Uint8Array>()
  const ledger = await openLedger({ data: temporaryFolder(), files: memoryFiles(files), origin: 'example.com/a' })
  const other = new Map<string, Uint8Array>()
  const forged = await openLedger({ data: temporaryFolder(), files: memoryFiles(other), origin: 'example.com/a' })
  await ledger.append(entriesFrom(1, 600))
  await forged.append(entriesFrom(1, 600).with(42, entryOf(43, { note: 'not so' })))
  for (const path of ['ledger/tile/entries/000', 'ledger/tile/0/000']) files.set(path, other.get(path)!)
  const report = await verifyDirectory(memoryFolder(files), { trusted: [ledger.key] })
  expect(report.failures).toMatchObject([{ path: 'ledger/tile/entries/000', leaf: 0, code: 'entry_mismatch' }])
  for (const path of ['ledger/tile/1/000.p/2']) files.set(path, other.get(path)!)
  const deeper = await verifyDirectory(memoryFolder(files), { trusted: [ledger.key] })
  expect(deeper.failures).toMatchObject([{ path: 'ledger/checkpoint', code: 'root_mismatch' }])
})

test('a bundle proves, and any changed byte of it is found', async () => {
  const { files, ledger } = await smallDirectory()
  expect(files.size).toBeGreaterThan(0)
  const log = { checkpoint: ledger.head.checkpoint, key: ledger.key.text, entry: ledger.entry, readTile: ledger.readTile }
  const made = await makeBundle({ log, about: { alert: 'a-1' }, indexes: [1, 3, 0], clock: { now: () => 0 } })
  const { salt, proof } = batchTree(SALT, DOCUMENTS).prove(1)
  const event = { batch: 0, index: 1, salt: toBase64(salt), document: DOCUMENTS[1]!, proof: proof.map(toBase64) }
  const bytes = utf8(formatBundle({ ...made, events: [event] }))
  const trusted = [ledger.key]
  const whole = await verifyBundle(bytes, 'x.json', { trusted })
  expect(whole).toMatchObject({ verdict: 'proved', failures: [], size: 4, checked: { entries: 3, events: 1 } })
  let cases = 0
  for (const { at, changed } of changesOf(bytes)) {
    cases++
    const report = await verifyBundle(changed, 'x.json', { trusted, hash: nativeSha256 })
    if (report.verdict !== 'failed' || !report.failures.every((failure) => failure.path.startsWith('x.json'))) {
      expect.fail(`byte ${at}: ${report.verdict}, ${JSON.stringify(report.failures)}`)
    }
  }
  console.info(`${cases} changed bytes in a bundle, each found`)
  expect(cases).toBeGreaterThan(4000)
})
