import { equalBytes } from './bytes.ts'
import type { EvidenceFolder } from './folder.ts'
import type { Failure } from './report.ts'
import { parseTilePath, splitEntryBundle, splitTile, TILE_WIDTH, type TileId, tilePath, tilesOf, tileWidth } from './tiles.ts'

/** Partial tiles of earlier checkpoints must be prefixes of today's; whatever lies beyond the checkpoint proves nothing. */
export async function checkOtherFiles(
  folder: EvidenceFolder,
  at: (path: string) => string,
  size: number,
  named: ReadonlySet<string>,
): Promise<{ readonly failures: readonly Failure[]; readonly notes: readonly string[] }> {
  if (folder.list === undefined) return { failures: [], notes: [] }
  const failures: Failure[] = []
  const notes: string[] = []
  const prefix = at('')
  let beyond = 0
  const current = new Set<string>()
  for (const tile of tilesOf(size)) {
    current.add(tilePath(tile))
    if (tile.level === 0) current.add(tilePath({ ...tile, level: 'entries' }))
  }
  for (const file of await folder.list(at('tile'))) {
    const path = file.slice(prefix.length)
    if (current.has(path)) continue
    const id = parseTilePath(path)
    if (id === undefined) {
      notes.push(`${file} is not part of a log and proves nothing.`)
      continue
    }
    const now = tileWidth(size, id.level, id.index)
    if (id.width > now) {
      beyond++
      if (now === 0) continue
    }
    const stale = await folder.read(file)
    const todayPath = at(tilePath({ ...id, width: now }))
    const today = named.has(todayPath) ? undefined : await folder.read(todayPath)
    if (stale === undefined || today === undefined) continue
    const place = firstDifference(stale, today, id, now)
    if (place === undefined) continue
    const span = id.level === 'entries' ? 1 : TILE_WIDTH ** id.level
    const leaf = (id.index * TILE_WIDTH + place) * span
    failures.push({ path: file, leaf, code: 'stale_tile_mismatch', reason: `this partial tile is not a prefix of ${todayPath}` })
  }
  if (beyond > 0) {
    notes.push(`${beyond} tile files reach beyond the checkpoint: a write was interrupted, or the checkpoint is an older one.`)
  }
  return { failures, notes }
}

/**
 * Where a tile first differs from today's: a narrower one must be a prefix of it; of a wider one, the part that today's
 * checkpoint covers must be the same. Undefined if it does not differ.
 */
function firstDifference(other: Uint8Array, today: Uint8Array, { level, width }: TileId, now: number): number | undefined {
  const split = level === 'entries' ? splitEntryBundle : splitTile
  const others = split(other)
  const todays = split(today)
  if (others === undefined || others.length !== width || todays === undefined) return 0
  const place = others.slice(0, Math.min(width, now)).findIndex((one, at) => !equalBytes(one, todays[at] ?? new Uint8Array(0)))
  return place < 0 ? undefined : place
}
