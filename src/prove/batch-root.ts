import { hash } from 'node:crypto'
import type { Evidence } from '../kernel/evidence.ts'
import type { JsonObject } from '../kernel/json.ts'
import { eventSalt, SALT_BYTES } from './verify/batch-leaves.ts'
import type { BatchRun } from './verify/entry.ts'
import { emptyRoot, leafHash, nodeHash, rootOf } from './verify/merkle.ts'

/** The machine's SHA-256; several times the speed of the verifier's own. */
export function nativeSha256(message: Uint8Array): Uint8Array {
  return hash('sha256', message, 'buffer')
}

/**
 * Leaves of a batch's events in order (see verify/batch-leaves.ts).
 * @param salt the batch's secret, hexadecimal.
 * @param documents the events' texts exactly as the lake keeps them.
 */
export function batchLeaves(salt: string, documents: readonly string[]): Uint8Array[] {
  const secret = Buffer.from(salt, 'hex')
  const saltInput = Buffer.concat([secret, Buffer.alloc(4)])
  const header = 1 + SALT_BYTES
  let room = Buffer.alloc(16_384)
  return documents.map((document, index) => {
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    const needed = header + document.length * 3
    if (needed > room.length) room = Buffer.alloc(needed * 2)
    saltInput.writeUInt32BE(index, secret.length)
    room[0] = 0
    room.set(hash('sha256', saltInput, 'buffer'), 1)
    const written = room.write(document, header, 'utf8')
    return hash('sha256', room.subarray(0, header + written), 'buffer')
  })
}

/** RFC 6962 root over the events of a batch, hexadecimal: the `root` of its ledger entry. */
export function batchRoot(salt: string, documents: readonly string[]): string {
  return Buffer.from(rootOf(batchLeaves(salt, documents), nativeSha256)).toString('hex')
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
