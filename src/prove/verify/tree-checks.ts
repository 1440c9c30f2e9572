import { concatBytes, equalBytes } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { EntryFindings } from './entry-checks.ts'
import type { EvidenceFolder } from './folder.ts'
import { leafHash, rootOf } from './merkle.ts'
import type { Failure } from './report.ts'
import type { Sha256 } from './sha256.ts'
import { type FullTile, TileBuilder } from './tile-builder.ts'
import {
  hashesAtLevel,
  parseTilePath,
  type ReadTile,
  rangeHash,
  splitEntryBundle,
  splitTile,
  TILE_WIDTH,
  type TileId,
  tilePath,
  tilesOf,
  tileWidth,
} from './tiles.ts'

export interface TreeChecks {
  readonly failures: readonly Failure[]
  readonly notes: readonly string[]
  readonly tiles: number
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
    failures.push(...(await blame(disagreements, equalBytes(builder.root(), head.root), at, head, readTile, hash)))
  }
  const others = await checkOtherFiles(folder, at, size)
  return { failures: [...failures, ...others.failures], notes: [...notes, ...others.notes], tiles, readTile }
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
    else failures.push(...entryFailures(one, size, at))
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
function entryFailures({ tile, places }: Disagreement, size: number, at: (path: string) => string): readonly Failure[] {
  const span = TILE_WIDTH ** tile.level
  const failures: Failure[] = []
  for (const place of places) {
    const leaf = (tile.index * TILE_WIDTH + place) * span
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

/** Partial tiles of earlier checkpoints must be prefixes of today's; whatever lies beyond the checkpoint proves nothing. */
async function checkOtherFiles(
  folder: EvidenceFolder,
  at: (path: string) => string,
  size: number,
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
    const today = await folder.read(at(tilePath({ ...id, width: now })))
    if (stale === undefined || today === undefined) continue
    if (!agree(stale, today, id, now)) {
      const reason = `this partial tile is not a prefix of ${at(tilePath({ ...id, width: now }))}`
      failures.push({ path: file, leaf: null, code: 'stale_tile_mismatch', reason })
    }
  }
  if (beyond > 0) {
    notes.push(`${beyond} tile files reach beyond the checkpoint: a write was interrupted, or the checkpoint is an older one.`)
  }
  return { failures, notes }
}

/** A narrower tile must be a prefix of today's; of a wider one, the part that today's checkpoint covers must be the same. */
function agree(other: Uint8Array, today: Uint8Array, { level, width }: TileId, now: number): boolean {
  const split = level === 'entries' ? splitEntryBundle : splitTile
  const others = split(other)
  const todays = split(today)
  if (others === undefined || others.length !== width || todays === undefined) return false
  const common = Math.min(width, now)
  return equalBytes(concatBytes(...others.slice(0, common)), concatBytes(...todays.slice(0, common)))
}
