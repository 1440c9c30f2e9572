import { nativeSha256 } from './batch-root.ts'
import { consistencyRanges, inclusionRanges, type ProofRange } from './verify/merkle.ts'
import { type ReadTile, rangeHash, TILE_WIDTH, type TileId, tilePath, tileWidth } from './verify/tiles.ts'

export interface ProofHash extends ProofRange {
  readonly hash: Uint8Array
}

/** The inclusion proof of an entry in the tree of `size` entries, lowest sibling first, from the log's tiles. */
export async function inclusionProof(index: number, size: number, readTile: ReadTile): Promise<readonly ProofHash[]> {
  const ranges = inclusionRanges(index, size)
  return Promise.all(
    ranges.map(async (range) => ({ ...range, hash: await rangeHash(range.from, range.to, size, readTile, nativeSha256) })),
  )
}

/** The proof that the tree of `older` entries is a prefix of that of `newer`, in RFC 6962's order. */
export async function consistencyProof(older: number, newer: number, readTile: ReadTile): Promise<readonly Uint8Array[]> {
  return Promise.all(consistencyRanges(older, newer).map(({ from, to }) => rangeHash(from, to, newer, readTile, nativeSha256)))
}

/**
 * Where each sibling joins the path: its subtree's height, 0 for a leaf, but always above the one before: a ragged
 * subtree at the right edge counts as the one it will fill.
 */
export function levelsOnPath(ranges: readonly ProofRange[]): readonly number[] {
  let level = -1
  return ranges.map(({ from, to }) => {
    level = Math.max(level + 1, Math.ceil(Math.log2(to - from)))
    return level
  })
}

/** The tiles on the way from an entry to the root, with their paths. */
export function tilesAbove(index: number, size: number): readonly (TileId & { readonly level: number; readonly path: string })[] {
  const tiles: (TileId & { level: number; path: string })[] = []
  for (let level = 0, tile = Math.floor(index / TILE_WIDTH); ; level++, tile = Math.floor(tile / TILE_WIDTH)) {
    const width = tileWidth(size, level, tile)
    if (width === 0) return tiles
    const id = { level, index: tile, width }
    tiles.push({ ...id, path: tilePath(id) })
  }
}
