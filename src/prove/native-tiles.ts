import { hash } from 'node:crypto'
import { nativeSha256 } from './batch-root.ts'
import { HASH_BYTES } from './verify/merkle.ts'
import { TileBuilder } from './verify/tile-builder.ts'
import { TILE_WIDTH } from './verify/tiles.ts'

/** A TileBuilder on the machine's SHA-256. */
export function nativeTiles(size = 0, edge: readonly (readonly Uint8Array[])[] = []): TileBuilder {
  return new TileBuilder(nativeSha256, size, edge, fullTileRoot)
}

const ROW = Buffer.alloc(TILE_WIDTH * HASH_BYTES)
const PAIR = Buffer.alloc(1 + 2 * HASH_BYTES, 1)

/** The root over the 256 hashes of a full tile, computed in place: a buffer of its own for each node costs more than its hash. */
function fullTileRoot(tile: readonly Uint8Array[]): Uint8Array {
  for (const [at, leaf] of tile.entries()) ROW.set(leaf, at * HASH_BYTES)
  for (let width = TILE_WIDTH; width > 1; width /= 2) {
    for (let at = 0; at < width; at += 2) {
      ROW.copy(PAIR, 1, at * HASH_BYTES, (at + 2) * HASH_BYTES)
      ROW.write(hash('sha256', PAIR, 'binary'), (at / 2) * HASH_BYTES, 'latin1')
    }
  }
  return Uint8Array.from(ROW.subarray(0, HASH_BYTES))
}
