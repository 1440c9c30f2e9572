import { KanpekiError, messageOf } from '../kernel/error.ts'
import { nativeSha256 } from './batch-root.ts'
import type { LedgerFiles } from './files.ts'
import { nativeTiles } from './native-tiles.ts'
import type { SigningKey } from './signing-key.ts'
import { equalBytes } from './verify/bytes.ts'
import { type Checkpoint, parseCheckpoint } from './verify/checkpoint.ts'
import { parseEntry, type ReadEntry } from './verify/entry.ts'
import { leafHash } from './verify/merkle.ts'
import { checkNote } from './verify/note.ts'
import { hashesAtLevel, levelsOf, splitEntryBundle, splitTile, TILE_WIDTH, type TileId, tilePath } from './verify/tiles.ts'

/** Where the log lies below the data directory. */
export const LEDGER_FOLDER = 'ledger'

/** The log's newest signed state. */
export interface LedgerHead {
  readonly checkpoint: Checkpoint
  readonly size: number
  /** Outbox sequence of the last entry, 0 for an empty log: where draining goes on. */
  readonly outbox: number
  /** When the last entry was logged, RFC 3339; null for an empty log. */
  readonly logged: string | null
}

/** What the newest checkpoint stands on, in memory. */
export interface Tip {
  readonly head: LedgerHead
  /** Unfinished tiles, level 0 first. */
  readonly edge: readonly (readonly Uint8Array[])[]
  /** Bytes of the unfinished entry bundle. */
  readonly bundle: Uint8Array
}

/**
 * Reads what the checkpoint on the disk stands on, and checks that it does.
 * @throws KanpekiError `ledger_damaged`, `ledger_foreign`.
 */
export async function loadTip(files: LedgerFiles, key: Pick<SigningKey, 'verifier'>): Promise<Tip> {
  const bytes = await files.read('checkpoint')
  const checkpoint = bytes === undefined ? undefined : parseCheckpoint(bytes)
  if (checkpoint === undefined) throw damaged('checkpoint', 'is missing or malformed')
  const fault = checkpoint.origin === key.verifier.name ? await checkNote(checkpoint.note, key.verifier) : 'unsigned'
  if (fault !== undefined) {
    throw new KanpekiError(
      'ledger_foreign',
      `The ledger of ${checkpoint.origin} is not signed by the key of this data directory.`,
      {
        place: { file: 'ledger/checkpoint' },
        remedy: 'Restore the key that belongs to it, or run kanpeki verify to see what was changed.',
      },
    )
  }
  const { size } = checkpoint
  const edge: (readonly Uint8Array[])[] = []
  for (let level = 0; level < levelsOf(size); level++) {
    const width = hashesAtLevel(size, level) % TILE_WIDTH
    const index = Math.floor(hashesAtLevel(size, level) / TILE_WIDTH)
    const hashes = width === 0 ? [] : await readStoredTile(files, { level, index, width })
    if (hashes?.length !== width) throw damaged(tilePath({ level, index, width }), 'is missing or not a tile')
    edge.push(hashes)
  }
  const builder = nativeTiles(size, edge)
  if (!equalBytes(builder.root(), checkpoint.root)) throw damaged('tile', 'do not lead to the signed root')
  const { bundle, last } = await loadLastBundle(files, size, builder.edge[0] ?? [])
  return { head: { checkpoint, size, outbox: last?.outbox ?? 0, logged: last?.logged ?? null }, edge, bundle }
}

/** The unfinished entry bundle, checked against its tile, and the last entry. */
async function loadLastBundle(
  files: LedgerFiles,
  size: number,
  hashes: readonly Uint8Array[],
): Promise<{ readonly bundle: Uint8Array; readonly last: ReadEntry | undefined }> {
  if (size === 0) return { bundle: new Uint8Array(0), last: undefined }
  const width = size % TILE_WIDTH === 0 ? TILE_WIDTH : size % TILE_WIDTH
  const index = Math.floor((size - 1) / TILE_WIDTH)
  const path = tilePath({ level: 'entries', index, width })
  const bundle = await files.read(path)
  const entries = bundle === undefined ? undefined : splitEntryBundle(bundle)
  if (bundle === undefined || entries?.length !== width) throw damaged(path, 'is missing or not an entry bundle')
  if (width < TILE_WIDTH && entries.some((entry, at) => !equalBytes(leafHash(entry, nativeSha256), hashes[at]!))) {
    throw damaged(path, 'does not fit its tile')
  }
  const last = parseEntry(entries[width - 1]!)
  if (typeof last === 'string') throw damaged(path, `ends badly: ${last}`)
  return { bundle: width === TILE_WIDTH ? new Uint8Array(0) : bundle, last }
}

export async function readStoredTile(files: LedgerFiles, id: TileId): Promise<readonly Uint8Array[] | undefined> {
  const bytes = await files.read(tilePath(id)).catch((error: unknown) => {
    throw damaged(tilePath(id), messageOf(error))
  })
  const hashes = bytes === undefined ? undefined : splitTile(bytes)
  return hashes?.length === id.width ? hashes : undefined
}

export function damaged(path: string, what: string): KanpekiError {
  return new KanpekiError('ledger_damaged', `The ledger is damaged: ${path} ${what}.`, {
    place: { file: `${LEDGER_FOLDER}/${path}` },
    remedy: 'Run kanpeki verify to see how far it holds, and restore the ledger folder from a backup.',
  })
}
