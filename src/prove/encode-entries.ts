import { hash } from 'node:crypto'
import { KanpekiError } from '../kernel/error.ts'
import type { LedgerEntry } from '../kernel/evidence.ts'
import { MAX_ENTRY_BYTES } from './verify/entry.ts'
import { HASH_BYTES } from './verify/merkle.ts'

/** Entries as their bundle holds them, one after the other in one buffer. */
export interface EncodedEntries {
  /** Each entry's 16-bit length and its bytes. */
  readonly bytes: Uint8Array
  /** Where each entry ends in `bytes`. */
  readonly ends: readonly number[]
  /** Leaf hashes. */
  readonly leaves: readonly Uint8Array[]
}

/** UTF-8 has at most three bytes for a unit of UTF-16. */
const MOST_BYTES_A_UNIT = 3

/**
 * @param texts canonical texts of the entries.
 * @throws KanpekiError `ledger_entry_too_large`.
 */
export function encodeEntries(entries: readonly LedgerEntry[], texts: readonly string[]): EncodedEntries {
  const most = texts.reduce((sum, text) => sum + 2 + text.length * MOST_BYTES_A_UNIT, 0)
  const room = Buffer.allocUnsafe(most)
  // Not of the pool: hashes live as long as the tiles that they are part of.
  const hashes = Buffer.allocUnsafeSlow(texts.length * HASH_BYTES)
  const ends: number[] = []
  const leaves: Uint8Array[] = []
  let at = 0
  for (const [place, text] of texts.entries()) {
    const length = room.write(text, at + 2)
    if (length > MAX_ENTRY_BYTES) throw tooLarge(entries[place]!, length)
    // The byte before the entry is the leaf's prefix (RFC 6962 §2.1) while it is hashed, and then part of the length.
    room[at + 1] = 0
    const digest = hash('sha256', room.subarray(at + 1, at + 2 + length), 'binary')
    hashes.write(digest, place * HASH_BYTES, 'latin1')
    leaves.push(hashes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES))
    room.writeUInt16BE(length, at)
    at += 2 + length
    ends.push(at)
  }
  return { bytes: Buffer.from(room.subarray(0, at)), ends, leaves }
}

function tooLarge({ type, outbox }: LedgerEntry, length: number): KanpekiError {
  return new KanpekiError(
    'ledger_entry_too_large',
    `The ${type} entry of outbox sequence ${outbox} has ${length} bytes; a ledger entry has at most ${MAX_ENTRY_BYTES}.`,
    { remedy: 'Record a hash of what is large, and keep the rest elsewhere.' },
  )
}
