import { emptyRoot, nodeHash, rootOf } from './merkle.ts'
import { type Sha256, sha256 } from './sha256.ts'
import { hashesAtLevel, levelsOf, TILE_WIDTH } from './tiles.ts'

export interface FullTile {
  readonly level: number
  readonly index: number
  readonly hashes: readonly Uint8Array[]
}

/** The tiles of a log that grows leaf by leaf. Keeps only the unfinished tile of each level: its right edge. */
export class TileBuilder {
  readonly #hash: Sha256
  readonly #tileRoot: (tile: readonly Uint8Array[]) => Uint8Array
  readonly #edge: Uint8Array[][] = []
  #size = 0

  /**
   * @param edge the unfinished tiles of a log of `size` entries, level 0 first, to go on from there.
   * @param tileRoot computes the root of a full tile, where the platform has a faster way.
   */
  constructor(
    hash: Sha256 = sha256,
    size = 0,
    edge: readonly (readonly Uint8Array[])[] = [],
    tileRoot: (tile: readonly Uint8Array[]) => Uint8Array = (tile) => rootOf(tile, hash),
  ) {
    this.#hash = hash
    this.#tileRoot = tileRoot
    this.#size = size
    for (let level = 0; level < levelsOf(size); level++) {
      const width = hashesAtLevel(size, level) % TILE_WIDTH
      if ((edge[level]?.length ?? 0) !== width) throw new RangeError(`level ${level} of a log of ${size} needs ${width} hashes`)
      this.#edge[level] = [...(edge[level] ?? [])]
    }
  }

  get size(): number {
    return this.#size
  }

  /** The unfinished tiles, level 0 first; an empty one has no file. */
  get edge(): readonly (readonly Uint8Array[])[] {
    return this.#edge
  }

  /** Adds a leaf hash and returns the tiles that it filled, lowest level first. */
  push(leaf: Uint8Array): readonly FullTile[] {
    this.#size++
    const full: FullTile[] = []
    let here = leaf
    for (let level = 0; ; level++) {
      const tile = this.#edge[level] ?? []
      tile.push(here)
      this.#edge[level] = tile
      if (tile.length < TILE_WIDTH) return full
      full.push({ level, index: hashesAtLevel(this.#size, level) / TILE_WIDTH - 1, hashes: tile })
      this.#edge[level] = []
      here = this.#tileRoot(tile)
    }
  }

  /** Merkle Tree Hash of all leaves so far. */
  root(): Uint8Array {
    const peaks: Uint8Array[] = []
    for (const tile of this.#edge.toReversed()) {
      let at = 0
      for (let length = TILE_WIDTH / 2; length >= 1; length /= 2) {
        if ((tile.length & length) === 0) continue
        peaks.push(rootOf(tile.slice(at, at + length), this.#hash))
        at += length
      }
    }
    if (peaks.length === 0) return emptyRoot(this.#hash)
    return peaks.reduceRight((right, left) => nodeHash(left, right, this.#hash))
  }
}
