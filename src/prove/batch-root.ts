import { hash } from 'node:crypto'
import type { Evidence } from '../kernel/evidence.ts'
import type { JsonObject } from '../kernel/json.ts'
import { eventSalt, SALT_BYTES } from './verify/batch-leaves.ts'
import type { BatchRun } from './verify/entry.ts'
import { emptyRoot, leafHash, nodeHash, rootOf } from './verify/merkle.ts'

const HASH = 32

/**
 * The machine's SHA-256; several times the speed of the verifier's own. By way of a text of bytes, which the runtime makes in
 * less than half the time that a buffer of its own takes.
 */
export function nativeSha256(message: Uint8Array): Uint8Array {
  const text = hash('sha256', message, 'binary')
  const digest = new Uint8Array(HASH)
  for (let at = 0; at < HASH; at++) digest[at] = text.charCodeAt(at)
  return digest
}

const FIRST_ROOM = 1024

/**
 * A batch's tree (see verify/batch-leaves.ts) while its events come: each is hashed once, from the bytes that the lake gets,
 * and nothing of it is kept but its leaf.
 */
class BatchHasher {
  readonly #saltInput: Buffer
  #room = Buffer.alloc(16_384)
  #leaves = Buffer.allocUnsafeSlow(FIRST_ROOM * HASH)
  #count = 0

  /** @param salt the batch's secret, hexadecimal. */
  constructor(salt: string) {
    this.#saltInput = Buffer.concat([Buffer.from(salt, 'hex'), Buffer.alloc(4)])
  }

  /** @param document exactly as the lake keeps it. */
  add(document: Uint8Array): void {
    const header = 1 + SALT_BYTES
    const needed = header + document.length
    if (needed > this.#room.length) this.#room = Buffer.alloc(needed * 2)
    const end = (this.#count + 1) * HASH
    if (end > this.#leaves.length) {
      const larger = Buffer.allocUnsafeSlow(this.#leaves.length * 2)
      larger.set(this.#leaves)
      this.#leaves = larger
    }
    this.#saltInput.writeUInt32BE(this.#count, this.#saltInput.length - 4)
    hashInto(this.#room, 1, this.#saltInput)
    this.#room.set(document, header)
    hashInto(this.#leaves, end - HASH, this.#room.subarray(0, needed))
    this.#count += 1
  }

  leaves(): Uint8Array[] {
    return Array.from({ length: this.#count }, (_, at) => this.#leaves.subarray(at * HASH, (at + 1) * HASH))
  }

  /** RFC 6962 root, hexadecimal: the `root` of the batch's ledger entry. An odd last node is carried up as it is. */
  root(): string {
    if (this.#count === 0) return Buffer.from(emptyRoot(nativeSha256)).toString('hex')
    const row = Buffer.from(this.#leaves.subarray(0, this.#count * HASH))
    const pair = Buffer.alloc(1 + 2 * HASH)
    pair[0] = 1
    for (let width = this.#count; width > 1; width = Math.ceil(width / 2)) {
      for (let at = 0; at + 1 < width; at += 2) {
        row.copy(pair, 1, at * HASH, (at + 2) * HASH)
        hashInto(row, (at / 2) * HASH, pair)
      }
      if (width % 2 === 1) row.copyWithin(((width - 1) / 2) * HASH, (width - 1) * HASH, width * HASH)
    }
    return row.toString('hex', 0, HASH)
  }
}

/** As text of one byte each: a buffer of its own for each hash costs more than the hash. */
function hashInto(target: Buffer, at: number, message: Uint8Array): void {
  target.write(hash('sha256', message, 'binary'), at, 'latin1')
}

function hasherOf(salt: string, documents: Iterable<string | Uint8Array>): BatchHasher {
  const hasher = new BatchHasher(salt)
  for (const document of documents) hasher.add(typeof document === 'string' ? Buffer.from(document) : document)
  return hasher
}

/** Leaves of a batch's events in order. @param documents the events' texts exactly as the lake keeps them. */
export function batchLeaves(salt: string, documents: readonly string[]): Uint8Array[] {
  return hasherOf(salt, documents).leaves()
}

/** RFC 6962 root over the events of a batch, hexadecimal: the `root` of its ledger entry. @param documents as above, or their bytes. */
export function batchRoot(salt: string, documents: Iterable<string | Uint8Array>): string {
  return hasherOf(salt, documents).root()
}

/** What shows that one event was in a batch: its own salt, and the hashes from its leaf to the batch's root. */
export interface EventProof {
  readonly salt: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** The tree over a batch, to prove many of its events. */
export interface BatchTree {
  /** Hexadecimal. */
  readonly root: string
  /** @throws RangeError unless 0 ≤ index < number of documents. */
  prove(index: number): EventProof
}

export function batchTree(salt: string, documents: readonly string[]): BatchTree {
  const rows: (readonly Uint8Array[])[] = [batchLeaves(salt, documents)]
  for (let row = rows[0]!; row.length > 1; row = rows[rows.length - 1]!) {
    // RFC 6962 carries an odd last node up as it is.
    rows.push(Array.from({ length: Math.ceil(row.length / 2) }, (_, at) => pairHash(row[at * 2]!, row[at * 2 + 1])))
  }
  const [root] = rows[rows.length - 1]!
  return {
    root: Buffer.from(root ?? emptyRoot(nativeSha256)).toString('hex'),
    prove(index) {
      if (!(index in documents)) throw new RangeError(`no event ${index} in a batch of ${documents.length}`)
      const siblings = rows.map((row, level) => row[Math.floor(index / 2 ** level) ^ 1])
      return {
        salt: eventSalt(Buffer.from(salt, 'hex'), index, nativeSha256),
        proof: siblings.filter((sibling) => sibling !== undefined),
      }
    },
  }
}

function pairHash(left: Uint8Array, right: Uint8Array | undefined): Uint8Array {
  return right === undefined ? left : nodeHash(left, right, nativeSha256)
}

export interface SegmentFacts {
  readonly scope: string
  /** Path of the sealed Parquet file, relative to the data directory, with forward slashes. */
  readonly file: string
  readonly bytes: number
  /** Of the file, hexadecimal. */
  readonly sha256: string
  /** The received hour, milliseconds UTC, `to` exclusive. */
  readonly from: number
  readonly to: number
  readonly events: number
  /** All batches in the file with the roots of their ledger entries, hexadecimal. */
  readonly batches: readonly { readonly writer: string; readonly sequence: number; readonly root: string }[]
  readonly more?: JsonObject
}

/** Evidence of a sealed segment. The leaves under its root are the batches' roots, by writer and then sequence. */
export function segmentEvidence(segment: SegmentFacts): Evidence {
  const { scope, file, bytes, sha256, from, to, events, more } = segment
  const batches = segment.batches.toSorted((a, b) =>
    a.writer === b.writer ? a.sequence - b.sequence : a.writer < b.writer ? -1 : 1,
  )
  const leaves = batches.map((batch) => leafHash(Buffer.from(batch.root, 'hex'), nativeSha256))
  const body = {
    ...more,
    file,
    bytes,
    sha256,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    events,
    batches: runsOf(batches).map((run) => ({ ...run })),
    root: Buffer.from(rootOf(leaves, nativeSha256)).toString('hex'),
  }
  return { type: 'segment', scope, observed: to - 1, received: to - 1, body }
}

/** Evidence that a sealed segment was deleted by policy; without it, `verify` misses the file. */
export function droppedSegmentEvidence(scope: string, file: string, policy: string, at: number): Evidence {
  return { type: 'segment', scope, observed: at, received: at, body: { file, dropped: policy } }
}

function runsOf(batches: SegmentFacts['batches']): readonly BatchRun[] {
  const runs: { writer: string; first: number; last: number }[] = []
  for (const { writer, sequence } of batches) {
    const run = runs.at(-1)
    if (run?.writer === writer && run.last + 1 === sequence) run.last = sequence
    else runs.push({ writer, first: sequence, last: sequence })
  }
  return runs
}
