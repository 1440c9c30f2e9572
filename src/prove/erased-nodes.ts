import { type BatchTree, nativeSha256 } from './batch-root.ts'
import { emptyRoot, nodeHash } from './verify/merkle.ts'

/** A hash (hexadecimal) that stands for erased events in a batch's tree: `level` 0 for one event, else for all below it. */
export interface ErasedNode {
  readonly level: number
  readonly index: number
  readonly hash: string
}

const widthAt = (events: number, level: number): number => Math.ceil(events / 2 ** level)
const keyOf = (level: number, index: number): string => `${level}/${index}`

/** Joins nodes whose neighbours are erased too: what went as a whole is remembered by a few hashes. */
export function foldErased(events: number, nodes: readonly ErasedNode[]): ErasedNode[] {
  const known = new Map(nodes.map((node) => [keyOf(node.level, node.index), node]))
  for (let level = 0; widthAt(events, level) > 1; level++) {
    for (const { index } of [...known.values()].filter((node) => node.level === level && node.index % 2 === 0)) {
      const left = known.get(keyOf(level, index))!
      const right = known.get(keyOf(level, index + 1))
      if (right === undefined && index + 1 < widthAt(events, level)) continue
      known.delete(keyOf(level, index))
      known.delete(keyOf(level, index + 1))
      // RFC 6962 carries an odd last node up as it is.
      const hash = right === undefined ? left.hash : joined(left.hash, right.hash)
      known.set(keyOf(level + 1, index / 2), { level: level + 1, index: index / 2, hash })
    }
  }
  return [...known.values()].sort((a, b) => a.level - b.level || a.index - b.index)
}

function joined(left: string, right: string): string {
  return Buffer.from(nodeHash(Buffer.from(left, 'hex'), Buffer.from(right, 'hex'), nativeSha256)).toString('hex')
}

/** How many events the nodes stand for. */
export function erasedEvents(events: number, nodes: readonly ErasedNode[]): number {
  return nodes.reduce((sum, { level, index }) => sum + Math.min(events, (index + 1) * 2 ** level) - index * 2 ** level, 0)
}

export function isErased(nodes: readonly ErasedNode[], event: number): boolean {
  return nodes.some(({ level, index }) => Math.floor(event / 2 ** level) === index)
}

/** An event that is still there, as its batch's tree needs it. */
export interface KeptEvent {
  readonly leaf: Uint8Array
  readonly salt: Uint8Array
}

/**
 * The tree over a batch of which events were erased. Undefined if an event is neither kept nor erased.
 * @param events how many the batch had.
 */
export function treeBesideErased(
  events: number,
  kept: ReadonlyMap<number, KeptEvent>,
  erased: readonly ErasedNode[],
): BatchTree | undefined {
  const known = new Map<string, Uint8Array>(
    erased.map(({ level, index, hash }) => [keyOf(level, index), new Uint8Array(Buffer.from(hash, 'hex'))]),
  )
  let holes = false
  const nodeAt = (level: number, index: number): Uint8Array => {
    const key = keyOf(level, index)
    const before = known.get(key)
    if (before !== undefined) return before
    const hash = level === 0 ? leafAt(index) : above(level - 1, index * 2)
    known.set(key, hash)
    return hash
  }
  const above = (level: number, index: number): Uint8Array => {
    const left = nodeAt(level, index)
    return index + 1 < widthAt(events, level) ? nodeHash(left, nodeAt(level, index + 1), nativeSha256) : left
  }
  const leafAt = (index: number): Uint8Array => {
    const leaf = kept.get(index)?.leaf
    holes ||= leaf === undefined
    return leaf ?? new Uint8Array()
  }
  const top = Math.ceil(Math.log2(Math.max(1, events)))
  const root = Buffer.from(events === 0 ? emptyRoot(nativeSha256) : nodeAt(top, 0)).toString('hex')
  if (holes) return undefined
  return {
    root,
    prove(index) {
      const own = kept.get(index)
      if (own === undefined) throw new RangeError(`event ${index} is not kept`)
      const proof: Uint8Array[] = []
      for (let level = 0; widthAt(events, level) > 1; level++) {
        const sibling = Math.floor(index / 2 ** level) ^ 1
        if (sibling < widthAt(events, level)) proof.push(nodeAt(level, sibling))
      }
      return { salt: own.salt, proof }
    },
  }
}
