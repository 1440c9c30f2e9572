import { HASH_BYTES, nodeHash, splitOf } from './merkle.ts'
import { type Sha256, sha256 } from './sha256.ts'

/** Hashes in a full tile: a tile is a subtree of eight levels. */
export const TILE_WIDTH = 256

/** A tile or an entry bundle of the log, by C2SP tlog-tiles. `width` below 256 is a partial one. */
export interface TileId {
  readonly level: number | 'entries'
  readonly index: number
  readonly width: number
}

/** `tile/<L>/<N>[.p/<W>]`, N in groups of three digits, all but the last with an `x` before. */
export function tilePath({ level, index, width }: TileId): string {
  let groups = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups = `x${String(rest % 1000).padStart(3, '0')}/${groups}`
  }
  return `tile/${level}/${groups}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

const TILE_PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** Reads a tile's path; undefined for anything that `tilePath` does not write. */
export function parseTilePath(path: string): TileId | undefined {
  const match = TILE_PATH.exec(path)
  if (match === null) return undefined
  const level = match[1] === 'entries' ? 'entries' : Number(match[1])
  const id: TileId = { level, index: Number(match[2]!.replaceAll(/[x/]/g, '')), width: Number(match[3] ?? TILE_WIDTH) }
  return (level !== 'entries' && level > 63) || tilePath(id) !== path ? undefined : id
}

/** How many hashes of a level the tree of `size` entries has: one for each complete tile below. */
export function hashesAtLevel(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level)
}

/** Levels that a tree of this size has hashes in. */
export function levelsOf(size: number): number {
  let levels = 0
  while (hashesAtLevel(size, levels) > 0) levels++
  return levels
}

/** Width of a tile in the tree of `size` entries; 0 if it is not part of it. */
export function tileWidth(size: number, level: number | 'entries', index: number): number {
  const hashes = hashesAtLevel(size, level === 'entries' ? 0 : level)
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH))
}

/** Every tile of the tree of `size` entries, or every entry bundle; lowest level and index first. */
export function* tilesOf(size: number): Generator<TileId & { readonly level: number }> {
  for (let level = 0; level < levelsOf(size); level++) {
    const count = Math.ceil(hashesAtLevel(size, level) / TILE_WIDTH)
    for (let index = 0; index < count; index++) yield { level, index, width: tileWidth(size, level, index) }
  }
}

/** The entries of a bundle: each a big-endian 16-bit length and as many bytes. Undefined if it does not end evenly. */
export function splitEntryBundle(bytes: Uint8Array): Uint8Array[] | undefined {
  const entries: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + 2 > bytes.length) return undefined
    const end = at + 2 + bytes[at]! * 256 + bytes[at + 1]!
    if (end > bytes.length) return undefined
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return entries
}

/** The hashes of a tile, undefined if its length is not that of 1 to 256 hashes. */
export function splitTile(bytes: Uint8Array): Uint8Array[] | undefined {
  const width = bytes.length / HASH_BYTES
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) return undefined
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES))
}

/**
 * Gives the first `width` hashes of a tile, which nobody may change afterwards. Throws if the tile cannot be had. Whoever gives
 * the same array again saves what was computed of it.
 */
export type ReadTile = (level: number, index: number, width: number) => Promise<readonly Uint8Array[]>

/**
 * Merkle Tree Hash of the entries `from` up to `to` in a tree of at least `size` entries, from tiles.
 * `from` must be a multiple of the smallest power of two that is not below the range's length, as every subtree that a
 * proof names is. Reads one tile for each level a ragged right edge touches, otherwise one.
 */
export async function rangeHash(
  from: number,
  to: number,
  size: number,
  readTile: ReadTile,
  hash: Sha256 = sha256,
): Promise<Uint8Array> {
  const length = to - from
  const height = Math.log2(length)
  if (Number.isInteger(height)) {
    const level = Math.floor(height / 8)
    const span = TILE_WIDTH ** level
    const first = from / span
    const index = Math.floor(first / TILE_WIDTH)
    const hashes = await readTile(level, index, tileWidth(size, level, index))
    const start = first - index * TILE_WIDTH
    return nodeIn(hashes, start, length / span, hash)
  }
  const middle = from + splitOf(length)
  const [left, right] = await Promise.all([
    rangeHash(from, middle, size, readTile, hash),
    rangeHash(middle, to, size, readTile, hash),
  ])
  return nodeHash(left, right, hash)
}

/** Inner nodes that were computed, for as long as somebody keeps the tile: proofs of one log share most of theirs. */
const NODES = new WeakMap<readonly Uint8Array[], Map<number, Uint8Array>>()

/** The node above `count` hashes of a tile, a power of two, from `start` on. */
function nodeIn(tile: readonly Uint8Array[], start: number, count: number, hash: Sha256): Uint8Array {
  const known = NODES.get(tile) ?? new Map<number, Uint8Array>()
  NODES.set(tile, known)
  const node = (from: number, width: number): Uint8Array => {
    if (width === 1) return tile[from]!
    const name = from * 2 * TILE_WIDTH + width
    const before = known.get(name)
    if (before !== undefined) return before
    const made = nodeHash(node(from, width / 2), node(from + width / 2, width / 2), hash)
    known.set(name, made)
    return made
  }
  return node(start, count)
}
