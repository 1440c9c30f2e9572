import type { LedgerFiles } from './files.ts'
import { hashesAtLevel, levelsOf, parseTilePath, TILE_WIDTH, tilePath } from './verify/tiles.ts'

/**
 * Removes what an append left that was cut off before its checkpoint: tiles beyond the head. Others take their place, with
 * other entries, and these would then look like a history that was rewritten.
 * @param size entries under the checkpoint on the disk.
 */
export async function removeUnpublished(files: LedgerFiles, size: number): Promise<void> {
  const tops = levelsOf(size)
  for (let level = 0; level <= tops; level++) {
    const hashes = hashesAtLevel(size, level)
    await removeFrom(files, level, Math.floor(hashes / TILE_WIDTH), hashes % TILE_WIDTH)
    if (level === 0) await removeFrom(files, 'entries', Math.floor(hashes / TILE_WIDTH), hashes % TILE_WIDTH)
  }
}

/** From the edge's tile, of which `width` hashes are signed, to the first that was never written. */
async function removeFrom(files: LedgerFiles, level: number | 'entries', edge: number, width: number): Promise<void> {
  for (let index = edge; ; index++) {
    const signed = index === edge ? width : 0
    const full = tilePath({ level, index, width: TILE_WIDTH })
    const partial = (await files.list(`${full}.p`)).filter((path) => (parseTilePath(path)?.width ?? 0) > signed)
    const whole = (await files.read(full)) === undefined ? [] : [full]
    for (const path of [...partial, ...whole]) await files.remove(path)
    // An append writes its files in any order: one that is missing may have others after it.
    if (index > edge + GAP && partial.length + whole.length === 0) return
  }
}

/** Full tiles that one append of the drain may write; more of them are found as long as there are no such holes. */
const GAP = 8
