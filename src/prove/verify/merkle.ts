import { equalBytes } from './bytes.ts'
import { type Sha256, sha256 } from './sha256.ts'

export const HASH_BYTES = 32

/** Hash of a leaf: SHA-256(0x00 ‖ data). RFC 6962 §2.1. */
export function leafHash(data: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  const prefixed = new Uint8Array(1 + data.length)
  prefixed.set(data, 1)
  return hash(prefixed)
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). RFC 6962 §2.1. */
export function nodeHash(left: Uint8Array, right: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  const joined = new Uint8Array(1 + 2 * HASH_BYTES)
  joined[0] = 1
  joined.set(left, 1)
  joined.set(right, 1 + HASH_BYTES)
  return hash(joined)
}

/** Root of the tree without entries: SHA-256 of nothing. */
export function emptyRoot(hash: Sha256 = sha256): Uint8Array {
  return hash(new Uint8Array(0))
}

/** The largest power of two below `size`, for `size` ≥ 2: where RFC 6962 splits a tree. */
export function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** Merkle Tree Hash of leaf hashes (RFC 6962 §2.1), level by level: an odd last node is carried up as it is. */
export function rootOf(leaves: readonly Uint8Array[], hash: Sha256 = sha256): Uint8Array {
  if (leaves.length === 0) return emptyRoot(hash)
  let row = leaves
  while (row.length > 1) {
    const above: Uint8Array[] = []
    for (let at = 0; at + 1 < row.length; at += 2) above.push(nodeHash(row[at]!, row[at + 1]!, hash))
    if (row.length % 2 === 1) above.push(row[row.length - 1]!)
    row = above
  }
  return row[0]!
}

/** A subtree of a log: the entries `from` up to `to`, exclusive. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** A sibling on the way from a leaf to the root. */
export interface ProofRange extends Range {
  readonly side: 'left' | 'right'
}

/**
 * Which subtrees make the inclusion proof of `index` in a tree of `size` entries, lowest first (RFC 6962 §2.1.1).
 * @throws RangeError unless 0 ≤ index < size.
 */
export function inclusionRanges(index: number, size: number): readonly ProofRange[] {
  if (!isSize(index) || !isSize(size) || index >= size) throw new RangeError(`no entry ${index} in a tree of ${size}`)
  const ranges: ProofRange[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    if (index < middle) {
      ranges.push({ side: 'right', from: middle, to })
      to = middle
    } else {
      ranges.push({ side: 'left', from, to: middle })
      from = middle
    }
  }
  return ranges.reverse()
}

/**
 * Which subtrees make the proof that the tree of `older` entries is a prefix of the tree of `newer` (RFC 6962 §2.1.2),
 * in the order of the proof. Empty for equal sizes and for an empty older tree, which need no proof.
 * @throws RangeError unless 0 ≤ older ≤ newer.
 */
export function consistencyRanges(older: number, newer: number): readonly Range[] {
  if (!isSize(older) || !isSize(newer) || older > newer) throw new RangeError(`no proof from ${older} to ${newer} entries`)
  if (older === 0 || older === newer) return []
  const ranges: Range[] = []
  let from = 0
  let to = newer
  let complete = true
  while (older !== to) {
    const middle = from + splitOf(to - from)
    if (older <= middle) {
      ranges.push({ from: middle, to })
      to = middle
    } else {
      ranges.push({ from, to: middle })
      from = middle
      complete = false
    }
  }
  if (!complete) ranges.push({ from, to })
  return ranges.reverse()
}

/**
 * The root that an inclusion proof leads to, or undefined when the proof has the wrong length (RFC 9162 §2.1.3.2).
 * Equality with a signed root proves that `leaf` is entry `index` of that tree.
 */
export function rootOfInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  hash: Sha256 = sha256,
): Uint8Array | undefined {
  if (!isSize(index) || !isSize(size) || index >= size) return undefined
  let place = index
  let last = size - 1
  let here = leaf
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== HASH_BYTES) return undefined
    if (place % 2 === 1 || place === last) {
      here = nodeHash(sibling, here, hash)
      while (place % 2 === 0 && place !== 0) {
        place /= 2
        last = Math.floor(last / 2)
      }
    } else {
      here = nodeHash(here, sibling, hash)
    }
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 ? here : undefined
}

/** Whether `leaf` is entry `index` of the tree with this size and root. RFC 6962 §2.1.1. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
  hash: Sha256 = sha256,
): boolean {
  const reached = rootOfInclusion(leaf, index, size, proof, hash)
  return reached !== undefined && equalBytes(reached, root)
}

/** Whether the tree of `older` entries is a prefix of the tree of `newer` entries. RFC 9162 §2.1.4.2. */
export function verifyConsistency(
  older: number,
  newer: number,
  proof: readonly Uint8Array[],
  olderRoot: Uint8Array,
  newerRoot: Uint8Array,
  hash: Sha256 = sha256,
): boolean {
  if (!isSize(older) || !isSize(newer) || older > newer) return false
  if (older === newer) return proof.length === 0 && equalBytes(olderRoot, newerRoot)
  if (older === 0) return proof.length === 0 && equalBytes(olderRoot, emptyRoot(hash))
  if (proof.some((part) => part.length !== HASH_BYTES)) return false
  let place = older - 1
  let last = newer - 1
  while (place % 2 === 1) {
    place = (place - 1) / 2
    last = Math.floor(last / 2)
  }
  const path = place === 0 ? [olderRoot, ...proof] : proof
  const [start, ...rest] = path
  if (start === undefined) return false
  let oldHere = start
  let newHere = start
  for (const sibling of rest) {
    if (last === 0) return false
    if (place % 2 === 1 || place === last) {
      oldHere = nodeHash(sibling, oldHere, hash)
      newHere = nodeHash(sibling, newHere, hash)
      while (place % 2 === 0 && place !== 0) {
        place /= 2
        last = Math.floor(last / 2)
      }
    } else {
      newHere = nodeHash(newHere, sibling, hash)
    }
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && equalBytes(oldHere, olderRoot) && equalBytes(newHere, newerRoot)
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
