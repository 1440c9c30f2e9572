import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hashesAtLevel, levelsOf, TILE_WIDTH, tilePath } from './verify/tiles.ts'

const HASH_BYTES = 32

/** Full tiles and bundles of a log that are missing or have not their length: what can be seen of them without reading. */
export async function brokenTiles(ledger: string, size: number): Promise<readonly string[]> {
  const broken: string[] = []
  const look = async (path: string, fits: (bytes: number) => boolean): Promise<void> => {
    const found = await stat(join(ledger, path)).catch(() => undefined)
    if (found?.isFile() !== true || !fits(found.size)) broken.push(path)
  }
  for (let level = 0; level < levelsOf(size); level++)
    for (let index = 0; index < Math.floor(hashesAtLevel(size, level) / TILE_WIDTH); index++)
      await look(tilePath({ level, index, width: TILE_WIDTH }), (bytes) => bytes === TILE_WIDTH * HASH_BYTES)
  for (let index = 0; index < Math.floor(size / TILE_WIDTH); index++)
    await look(tilePath({ level: 'entries', index, width: TILE_WIDTH }), (bytes) => bytes > 0)
  return broken
}
