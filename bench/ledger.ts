import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { LedgerEntry } from '../src/kernel/evidence.ts'
import { nativeSha256 } from '../src/prove/batch-root.ts'
import { encodeEntry } from '../src/prove/entry-text.ts'
import { openLedger } from '../src/prove/ledger.ts'
import { inclusionProof } from '../src/prove/proofs.ts'
import { leafHash, verifyInclusion } from '../src/prove/verify/merkle.ts'
import { TileBuilder } from '../src/prove/verify/tile-builder.ts'
import { type ReadTile, splitTile, TILE_WIDTH, tilePath, tileWidth } from '../src/prove/verify/tiles.ts'
import { temporaryFolder } from '../test/support/kanpeki.ts'
import type { BenchResult } from './result.ts'

const LEAVES = 500_000
const BATCH = 10_000
const SIZES: readonly number[] = [10_000, 100_000, 1_000_000, 10_000_000]
const PROOFS = 300

/**
 * Leaves a second that the ledger appends durably in batches, each batch under a signed checkpoint, against writing the same
 * bytes to one file with one fsync a batch and hashing each leaf. Then, on standard error, the time to make and to check an
 * inclusion proof from the tiles on the disk, of trees up to ten million leaves.
 */
export async function ledger(): Promise<BenchResult> {
  const folder = temporaryFolder()
  try {
    const entries = Array.from({ length: LEAVES }, (_, at) => entry(at + 1))
    const plain = LEAVES / secondsOf(() => writePlainly(join(folder.path, 'plain'), entries))
    const log = await openLedger({ data: join(folder.path, 'data'), origin: 'bench.example/ledger' })
    const started = performance.now()
    const cpu = process.cpuUsage()
    let before: Promise<unknown> = Promise.resolve()
    for (let at = 0; at < LEAVES; at += BATCH) {
      const written = log.append(entries.slice(at, at + BATCH))
      // Two at a time: one is hashed while the disk writes the other.
      await before
      before = written
    }
    await before
    const rate = LEAVES / ((performance.now() - started) / 1000)
    const { user, system } = process.cpuUsage(cpu)
    process.stderr.write(`${Math.round((LEAVES * 1e6) / (user + system)).toLocaleString('en')} leaves a second of CPU\n`)
    for (const size of SIZES) await timeProofs(join(folder.path, 'tiles'), size)
    return {
      name: 'ledger',
      ratio: rate / plain,
      numerator: rate,
      denominator: plain,
      unit: 'leaves/s',
      rssMb: process.memoryUsage().rss / 1e6,
    }
  } finally {
    folder.remove()
  }
}

function entry(outbox: number): LedgerEntry {
  const time = new Date(Date.UTC(2026, 0, 1) + outbox).toISOString()
  const body = { writer: 'w1', sequence: outbox, events: 1000, root: createHash('sha256').update(String(outbox)).digest('hex') }
  return { v: 1, type: 'batch', scope: 'default', outbox, observed: time, received: time, logged: time, body }
}

function writePlainly(path: string, entries: readonly LedgerEntry[]): void {
  const file = openSync(path, 'w')
  for (let at = 0; at < entries.length; at += BATCH) {
    for (const one of entries.slice(at, at + BATCH)) {
      const bytes = encodeEntry(one)
      leafHash(bytes, nativeSha256)
      writeSync(file, bytes)
    }
    fsyncSync(file)
  }
  closeSync(file)
}

function secondsOf(work: () => void): number {
  const started = performance.now()
  work()
  return (performance.now() - started) / 1000
}

/** Proofs of leaves spread over a tree whose tiles lie on the disk as the log keeps them; each is read once. */
async function timeProofs(root: string, size: number): Promise<void> {
  const folder = join(root, String(size))
  const leaf = (at: number): Uint8Array => leafHash(Buffer.from(`leaf ${at}`), nativeSha256)
  const builder = new TileBuilder(nativeSha256)
  const write = (level: number, index: number, hashes: readonly Uint8Array[]): void => {
    const path = join(folder, tilePath({ level, index, width: hashes.length }))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, Buffer.concat(hashes))
  }
  for (let at = 0; at < size; at++) for (const { level, index, hashes } of builder.push(leaf(at))) write(level, index, hashes)
  for (const [level, hashes] of builder.edge.entries())
    if (hashes.length > 0) write(level, Math.floor(size / TILE_WIDTH ** (level + 1)), hashes)
  const tree = builder.root()
  let read = 0
  const kept = new Map<string, readonly Uint8Array[]>()
  const readTile: ReadTile = async (level, index, width) => {
    const path = tilePath({ level, index, width: tileWidth(size, level, index) })
    let hashes = kept.get(path)
    if (hashes === undefined) {
      read++
      hashes = splitTile(readFileSync(join(folder, path)))!
      kept.set(path, hashes)
    }
    return hashes.length === width ? hashes : hashes.slice(0, width)
  }
  const making: number[] = []
  const checking: number[] = []
  let hashes = 0
  for (let n = 0; n < PROOFS; n++) {
    const index = Math.floor((n * 0.618_033_988_75 * size) % size)
    const before = performance.now()
    const proof = await inclusionProof(index, size, readTile)
    const between = performance.now()
    const holds = verifyInclusion(
      leaf(index),
      index,
      size,
      proof.map(({ hash }) => hash),
      tree,
      nativeSha256,
    )
    if (!holds) throw new Error(`the proof of ${index} in ${size} does not hold`)
    making.push(between - before)
    checking.push(performance.now() - between)
    hashes += proof.length
  }
  process.stderr.write(
    `${size.toLocaleString('en').padStart(10)} leaves: proof ${figures(making)}, check ${figures(checking)}, ${(hashes / PROOFS).toFixed(1)} hashes, ${(read / PROOFS).toFixed(1)} tiles\n`,
  )
}

function figures(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): string => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(3)
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`
}
