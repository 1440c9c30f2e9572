import { concatBytes } from './bytes.ts'
import { type Sha256, sha256 } from './sha256.ts'

/** Length of an event's salt; a batch's own may have any. */
export const SALT_BYTES = 32

/**
 * Salt of one event of a batch: SHA-256(batch salt ‖ index as 32-bit big-endian). A salt that is disclosed with one
 * event says nothing about its neighbours', so they cannot be guessed from their hashes.
 */
export function eventSalt(batchSalt: Uint8Array, index: number, hash: Sha256 = sha256): Uint8Array {
  const place = new Uint8Array(4)
  new DataView(place.buffer).setUint32(0, index)
  return hash(concatBytes(batchSalt, place))
}

/** Leaf of one event: SHA-256(0x00 ‖ salt ‖ document), the document exactly as the lake keeps it. */
export function eventLeaf(salt: Uint8Array, document: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  return hash(concatBytes(Uint8Array.of(0), salt, document))
}
