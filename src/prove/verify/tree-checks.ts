import { equalBytes } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { EntryFindings } from './entry-checks.ts'
import type { EvidenceFolder } from './folder.ts'
import { leafHash, rootOf } from './merkle.ts'
import type { Failure } from './report.ts'
import type { Sha256 } from './sha256.ts'
import { checkOtherFiles } from './stale-tiles.ts'
import { type FullTile, TileBuilder } from './tile-builder.ts'
import {
  hashesAtLevel,
  type ReadTile,
  rangeHash,
  splitEntryBundle,
  splitTile,
  TILE_WIDTH,
  type TileId,
  tilePath,
  tileWidth,
} from './tiles.ts'

export interface TreeChecks {
  readonly failures: readonly Failure[]
  readonly notes: readonly string[]
  readonly tiles: number
  /** Entries that are not what was signed: what they say is not to be judged further. */
  readonly forged: ReadonlySet<number>
  /** Stored tiles of the checkpoint's tree. */
  readonly readTile: ReadTile
}

/** What a stored tile and the one computed from the entries disagree about. */
interface Disagreement {
  readonly tile: TileId & { readonly level: number }
  /** Places in the tile. */
  readonly places: readonly number[]
}

/**
 * Recomputes every tile from the entries and compares it with the stored one, and the root with the checkpoint's. A
 * disagreement is laid at the door of the file that does not lead to the signed root.
 */
export async function checkTree(
  folder: EvidenceFolder,
  at: (path: string) => string,
  head: Checkpoint,
  findings: EntryFindings,
  hash: Sha256,
  onProgress?: (entries: number, size: number) => void,
): Promise<TreeChecks> {
  const { size } = head
  const failures: Failure[] = []
  const notes: string[] = []
  const disagreements: Disagreement[] = []
  const builder = new TileBuilder(hash)
  const readTile = tileReader(folder, at)
  const forged = new Set<number>()
  let tiles = 0
  let holes = false

  const compare = async ({ level, index, hashes }: FullTile) => {
    tiles++
    const tile = { level, index, width: hashes.length }
    const stored = await readTile(level, index, hashes.length).catch(() => undefined)
    if (stored === undefined) {
      failures.push({
        path: at(tilePath(tile)),
        leaf: null,
        code: 'missing',
        reason: 'the tile is missing, or has not its length',
      })
      return
    }
    const places = hashes.flatMap((one, place) => (equalBytes(one, stored[place]!) ? [] : [place]))
    if (places.length > 0) disagreements.push({ tile, places })
  }

  for (let index = 0; index * TILE_WIDTH < size && !holes; index++) {
    const width = tileWidth(size, 'entries', index)
    const entries = await readEntries(folder, at, index, width)
    if ('reason' in entries) {
      failures.push(entries)
      holes = true
      break
    }
    for (const [place, entry] of entries.entries()) {
      findings.accept(index * TILE_WIDTH + place, entry, width)
      for (const full of builder.push(leafHash(entry, hash))) await compare(full)
    }
    onProgress?.(index * TILE_WIDTH + width, size)
  }
  if (holes) {
    notes.push(`Nothing after entry ${builder.size} was compared, since an entry bundle cannot be read.`)
  } else {
    for (const [level, hashes] of builder.edge.entries()) {
      if (hashes.length > 0) await compare({ level, index: Math.floor(hashesAtLevel(size, level) / TILE_WIDTH), hashes })
    }
    const entriesHold = equalBytes(builder.root(), head.root)
    failures.push(...(await blame(disagreements, entriesHold, at, head, readTile, hash, forged)))
  }
  const named = new Set(failures.map((failure) => failure.path))
  const others = await checkOtherFiles(folder, at, size, named)
  return { failures: [...failures, ...others.failures], notes: [...notes, ...others.notes], tiles, forged, readTile }
}

/** A stored tile or bundle. Between checkpoint and tile a running log may have replaced a partial one by the full one. */
async function readWide(
  folder: EvidenceFolder,
  at: (path: string) => string,
  id: TileId,
): Promise<{ readonly bytes: Uint8Array; readonly width: number } | undefined> {
  const exact = await folder.read(at(tilePath(id)))
  if (exact !== undefined) return { bytes: exact, width: id.width }
  const full = id.width === TILE_WIDTH ? undefined : await folder.read(at(tilePath({ ...id, width: TILE_WIDTH })))
  return full === undefined ? undefined : { bytes: full, width: TILE_WIDTH }
}

function tileReader(folder: EvidenceFolder, at: (path: string) => string): ReadTile {
  return async (level, index, width) => {
    const id = { level, index, width }
    const found = await readWide(folder, at, id)
    const hashes = found === undefined ? undefined : splitTile(found.bytes)
    if (hashes === undefined || hashes.length !== found?.width) throw new Error(`${at(tilePath(id))} is missing or not a tile`)
    return hashes.slice(0, width)
  }
}

async function readEntries(
  folder: EvidenceFolder,
  at: (path: string) => string,
  index: number,
  width: number,
): Promise<readonly Uint8Array[] | Failure> {
  const id: TileId = { level: 'entries', index, width }
  const path = at(tilePath(id))
  const leaf = index * TILE_WIDTH
  const found = await readWide(folder, at, id)
  if (found === undefined) return { path, leaf, code: 'missing', reason: 'the entry bundle is missing' }
  const entries = splitEntryBundle(found.bytes)
  if (entries === undefined) return { path, leaf, code: 'malformed', reason: 'the lengths in the entry bundle do not add up' }
  if (entries.length !== found.width) {
    return { path, leaf, code: 'malformed', reason: `the entry bundle holds ${entries.length} entries, not ${found.width}` }
  }
  return entries.slice(0, width)
}

async function blame(
  disagreements: readonly Disagreement[],
  entriesHold: boolean,
  at: (path: string) => string,
  head: Checkpoint,
  readTile: ReadTile,
  hash: Sha256,
  forged: Set<number>,
): Promise<readonly Failure[]> {
  const { size } = head
  if (entriesHold) return disagreements.flatMap((one) => tileFailures(one, at))
  const edgeHolds = await rangeHash(0, size, size, readTile, hash).then(
    (root) => equalBytes(root, head.root),
    () => false,
  )
  const failures: Failure[] = []
  for (const one of disagreements) {
    const holds = await tileHolds(one.tile, size, edgeHolds, readTile, hash)
    if (!holds) failures.push(...tileFailures(one, at))
    else failures.push(...entryFailures(one, size, at, forged))
  }
  if (failures.length > 0) return failures
  const reason = `the entries and tiles agree with each other but do not lead to the signed root of ${size} entries: they were replaced`
  return [{ path: at('checkpoint'), leaf: null, code: 'root_mismatch', reason }]
}

/** Whether a stored tile leads to the signed root through the stored tiles above it. */
async function tileHolds(
  tile: TileId & { level: number },
  size: number,
  edgeHolds: boolean,
  readTile: ReadTile,
  hash: Sha256,
): Promise<boolean> {
  let { level, index, width } = tile
  try {
    while (width === TILE_WIDTH) {
      const root = rootOf(await readTile(level, index, width), hash)
      level++
      const place = index % TILE_WIDTH
      index = Math.floor(index / TILE_WIDTH)
      width = tileWidth(size, level, index)
      const above = await readTile(level, index, width)
      if (!equalBytes(above[place]!, root)) return false
    }
    return edgeHolds
  } catch {
    return false
  }
}

function tileFailures({ tile, places }: Disagreement, at: (path: string) => string): readonly Failure[] {
  const path = at(tilePath(tile))
  const span = TILE_WIDTH ** tile.level
  return places.map((place) => {
    const leaf = (tile.index * TILE_WIDTH + place) * span
    const what = tile.level === 0 ? `entry ${leaf}` : `entries ${leaf} to ${leaf + span - 1}`
    return { path, leaf, code: 'tile_mismatch', reason: `hash ${place} of the tile is not that of ${what}` }
  })
}

/** The tile holds, so what is below it does not: at level 0 the entries, above it tiles and entries alike. */
function entryFailures(
  { tile, places }: Disagreement,
  size: number,
  at: (path: string) => string,
  forged: Set<number>,
): readonly Failure[] {
  const span = TILE_WIDTH ** tile.level
  const failures: Failure[] = []
  for (const place of places) {
    const leaf = (tile.index * TILE_WIDTH + place) * span
    const below = Array.from({ length: tile.level <= 1 ? span : 0 }, (_, offset) => leaf + offset)
    // The hash above follows from an entry that was already named.
    if (below.some((under) => forged.has(under))) continue
    for (const under of below) forged.add(under)
    if (tile.level === 0) {
      const index = Math.floor(leaf / TILE_WIDTH)
      const path = at(tilePath({ level: 'entries', index, width: tileWidth(size, 'entries', index) }))
      failures.push({ path, leaf, code: 'entry_mismatch', reason: `entry ${leaf} is not the one whose hash was signed` })
    } else if (tile.level === 1) {
      const index = leaf / TILE_WIDTH
      const path = at(tilePath({ level: 'entries', index, width: TILE_WIDTH }))
      const reason = `entries ${leaf} to ${leaf + span - 1} do not lead to the hash in ${at(tilePath(tile))}`
      failures.push({ path, leaf, code: 'entry_mismatch', reason })
    }
  }
  return failures
}
