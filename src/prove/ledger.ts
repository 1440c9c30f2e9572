import { join } from 'node:path'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { LedgerEntry } from '../kernel/evidence.ts'
import { canonicalJson, type JsonObject } from '../kernel/json.ts'
import type { Sealer } from '../platform/secrets/sealer.ts'
import { nativeSha256 } from './batch-root.ts'
import { type Copies, openCopies } from './copies.ts'
import { diskFiles, type LedgerFiles, removeUnfinished } from './files.ts'
import { damaged, LEDGER_FOLDER, type LedgerHead, loadTip, readStoredTile, type Tip } from './ledger-tip.ts'
import { openSigningKey, type SigningKey } from './signing-key.ts'
import { equalBytes, utf8 } from './verify/bytes.ts'
import { type Checkpoint, parseCheckpoint } from './verify/checkpoint.ts'
import { MAX_ENTRY_BYTES } from './verify/entry.ts'
import { leafHash } from './verify/merkle.ts'
import type { VerifierKey } from './verify/note.ts'
import { TileBuilder } from './verify/tile-builder.ts'
import { hashesAtLevel, type ReadTile, splitEntryBundle, TILE_WIDTH, type TileId, tilePath, tileWidth } from './verify/tiles.ts'

/** Where the key lies below the data directory. */
const KEYS_FOLDER = 'keys'

/** Below the ledger's folder. */
export const COSIGNED_FILE = 'cosigned'

/** Full entry bundles kept in memory for reading. */
const BUNDLES_KEPT = 64

/** Full tiles kept in memory for proofs, with what is computed of them: 30 kB each at most. */
const TILES_KEPT = 512

export interface Ledger {
  readonly key: VerifierKey
  readonly head: LedgerHead
  readonly copies: Copies
  /**
   * Appends entries and signs one checkpoint over them. Resolves once all of it is durable; on an error nothing is
   * published, or everything is (a crash has the same two outcomes): `head` says which.
   * @throws KanpekiError `ledger_entry_too_large`, `ledger_outbox_order`, `ledger_moved`, or the disk's error.
   */
  append(entries: readonly LedgerEntry[]): Promise<LedgerHead>
  /** Bytes of an entry; undefined beyond the head. */
  entry(index: number): Promise<Uint8Array | undefined>
  readonly readTile: ReadTile
  /** A note by the log's key about something else than the log (see SigningKey). */
  signNote(text: string): string
  /** Signs two digests with the log's key (see SigningKey). */
  signDigests(digests: Uint8Array): Uint8Array
  /** The newest checkpoint with the cosignatures of witnesses, in a file beside the tiles: for who has the files alone. */
  keepCosigned(text: Uint8Array): Promise<void>
  readCosigned(): Promise<Uint8Array | undefined>
  /** The log's files, for what lies beside the tiles. */
  readonly files: LedgerFiles
  /** A published file by its path in the log, for serving; undefined if there is none. */
  file(path: string): Promise<Uint8Array | undefined>
}

export interface LedgerOptions {
  /** The data directory. */
  readonly data: string
  /** The log's name; a new log gets a random one. */
  readonly origin?: string
  /** Files outside the data directory that every checkpoint is appended to. */
  readonly copies?: readonly string[]
  readonly clock?: Clock
  /** Seals the key at rest. */
  readonly sealer?: Sealer
  /** The log's files; by default those on the disk below `data`. */
  readonly files?: LedgerFiles
}

/**
 * Opens the log below a data directory for writing, or starts one: an empty signed checkpoint is its first act.
 * One process may write; whoever wires this holds the data directory's lock.
 * @throws KanpekiError `ledger_damaged`, `ledger_foreign`, `ledger_rolled_back`, `ledger_forked`, and those of `openSigningKey`.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const clock = options.clock ?? systemClock
  const files = options.files ?? diskFiles(join(options.data, LEDGER_FOLDER))
  await removeUnfinished(files)
  const fresh = (await files.read('checkpoint')) === undefined
  if (fresh && (await files.list('tile')).length > 0) throw damaged('checkpoint', 'is missing, though there are tiles')
  const key = await openSigningKey(join(options.data, KEYS_FOLDER), {
    mayCreate: fresh,
    origin: options.origin,
    sealer: options.sealer,
  })
  await files.write([{ path: 'key', bytes: utf8(`${key.verifier.text}\n`) }])
  if (fresh) {
    const bytes = utf8(key.signCheckpoint(0, new TileBuilder(nativeSha256).root()))
    await files.write([{ path: 'checkpoint', bytes }])
  }
  const tip = await loadTip(files, key)
  const copies = await openCopies(options.copies ?? [], tip.head.checkpoint, key.verifier, clock)
  return ledgerOn(files, key, copies, tip)
}

function ledgerOn(files: LedgerFiles, key: SigningKey, copies: Copies, start: Tip): Ledger {
  let tip = start
  let intact = true
  let queue: Promise<unknown> = Promise.resolve()
  const kept = new Map<number, readonly Uint8Array[]>()
  const tiles = new Map<string, readonly Uint8Array[]>()

  const readFullTile = async (level: number, index: number): Promise<readonly Uint8Array[] | undefined> => {
    const path = tilePath({ level, index, width: TILE_WIDTH })
    const known = tiles.get(path)
    if (known !== undefined) return known
    const hashes = await readStoredTile(files, { level, index, width: TILE_WIDTH })
    if (hashes !== undefined) keepIn(tiles, path, hashes, TILES_KEPT)
    return hashes
  }

  const readTile: ReadTile = async (level, index, width) => {
    const current = tileWidth(tip.head.size, level, index)
    if (current < width) throw new RangeError(`${tilePath({ level, index, width })} is beyond the log's head`)
    const hashes = current < TILE_WIDTH ? tip.edge[level] : await readFullTile(level, index)
    if (hashes === undefined || hashes.length < width) throw damaged(tilePath({ level, index, width }), 'is missing or too short')
    return hashes.length === width ? hashes : hashes.slice(0, width)
  }

  const readBundle = async (index: number): Promise<readonly Uint8Array[]> => {
    const width = tileWidth(tip.head.size, 'entries', index)
    if (width < TILE_WIDTH) return splitEntryBundle(tip.bundle) ?? []
    const known = kept.get(index)
    if (known !== undefined) return known
    const path = tilePath({ level: 'entries', index, width })
    const bytes = await files.read(path)
    const entries = bytes === undefined ? undefined : splitEntryBundle(bytes)
    if (entries?.length !== TILE_WIDTH) throw damaged(path, 'is missing or not an entry bundle')
    keepIn(kept, index, entries, BUNDLES_KEPT)
    return entries
  }

  const append = async (entries: readonly LedgerEntry[]): Promise<LedgerHead> => {
    if (entries.length === 0) return tip.head
    const encoded = encodeEntries(entries)
    if (!intact) {
      tip = await loadTip(files, key)
      intact = true
    }
    refuseDisorder(entries, tip.head.outbox)
    const plan = planAppend(tip, entries, encoded, key)
    intact = false
    await refuseMoved(files, tip.head.checkpoint)
    await files.write(plan.files.map(({ id, bytes }) => ({ path: tilePath(id), bytes })))
    await files.write([{ path: 'checkpoint', bytes: utf8(plan.tip.head.checkpoint.text) }])
    tip = plan.tip
    intact = true
    // Only now can no reader need the partial tiles; a crash before this leaves them, which harms nothing.
    for (const { id } of plan.files) {
      if (id.width === TILE_WIDTH) await files.remove(`${tilePath(id)}.p`).catch(() => undefined)
    }
    await copies.publish(tip.head.checkpoint)
    return tip.head
  }

  /** After a failed write only the disk knows which head is signed. */
  const recover = async (): Promise<void> => {
    if (intact) return
    try {
      tip = await loadTip(files, key)
      intact = true
    } catch {
      // The next append tries again, and throws what is wrong.
    }
  }

  return {
    key: key.verifier,
    copies,
    get head() {
      return tip.head
    },
    append(entries) {
      const done = queue.then(() => append(entries))
      queue = done.catch(recover)
      return done.catch(async (error: unknown) => {
        await queue
        throw error
      })
    },
    async entry(index) {
      if (!Number.isSafeInteger(index) || index < 0 || index >= tip.head.size) return undefined
      return (await readBundle(Math.floor(index / TILE_WIDTH)))[index % TILE_WIDTH]
    },
    readTile,
    signNote: (text) => key.signNote(text),
    signDigests: (digests) => key.signDigests(digests),
    keepCosigned: (bytes) => files.write([{ path: COSIGNED_FILE, bytes }]),
    readCosigned: () => files.read(COSIGNED_FILE),
    files,
    file: (path) => files.read(path),
  }
}

function encodeEntries(entries: readonly LedgerEntry[]): readonly Uint8Array[] {
  return entries.map((entry) => {
    const bytes = encodeEntry(entry)
    if (bytes.length <= MAX_ENTRY_BYTES) return bytes
    throw new KanpekiError(
      'ledger_entry_too_large',
      `The ${entry.type} entry of outbox sequence ${entry.outbox} has ${bytes.length} bytes; a ledger entry has at most ${MAX_ENTRY_BYTES}.`,
      { remedy: 'Record a hash of what is large, and keep the rest elsewhere.' },
    )
  })
}

/** The leaf's bytes: canonical JSON (RFC 8785). */
export function encodeEntry(entry: LedgerEntry): Uint8Array {
  return utf8(canonicalJson(entry as unknown as JsonObject))
}

function refuseDisorder(entries: readonly LedgerEntry[], last: number): void {
  let before = last
  for (const { outbox } of entries) {
    // A gap is written down as it is, for verify to name; a repeat would say that something happened twice.
    if (outbox <= before) {
      throw new KanpekiError(
        'ledger_outbox_order',
        `Outbox sequence ${outbox} comes after ${before}, which is already in the ledger.`,
      )
    }
    before = outbox
  }
}

interface Plan {
  readonly tip: Tip
  readonly files: readonly { readonly id: TileId; readonly bytes: Uint8Array }[]
}

function planAppend(tip: Tip, entries: readonly LedgerEntry[], encoded: readonly Uint8Array[], key: SigningKey): Plan {
  const before = tip.head.size
  const builder = new TileBuilder(nativeSha256, before, tip.edge)
  const files: { id: TileId; bytes: Uint8Array }[] = []
  let bundle: Uint8Array[] = [tip.bundle]
  for (const bytes of encoded) {
    bundle.push(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes)
    for (const full of builder.push(leafHash(bytes, nativeSha256))) {
      files.push({ id: { level: full.level, index: full.index, width: TILE_WIDTH }, bytes: Buffer.concat(full.hashes) })
      if (full.level > 0) continue
      files.push({ id: { level: 'entries', index: full.index, width: TILE_WIDTH }, bytes: Buffer.concat(bundle) })
      bundle = []
    }
  }
  const rest = Buffer.concat(bundle)
  for (const [level, hashes] of builder.edge.entries()) {
    const index = Math.floor(hashesAtLevel(builder.size, level) / TILE_WIDTH)
    if (hashes.length === 0 || hashesAtLevel(builder.size, level) === hashesAtLevel(before, level)) continue
    files.push({ id: { level, index, width: hashes.length }, bytes: Buffer.concat(hashes) })
    if (level === 0) files.push({ id: { level: 'entries', index, width: hashes.length }, bytes: rest })
  }
  const last = entries[entries.length - 1]!
  const checkpoint = parseCheckpoint(utf8(key.signCheckpoint(builder.size, builder.root())))
  if (checkpoint === undefined) throw new TypeError('a checkpoint of our own that does not parse')
  const head = { checkpoint, size: builder.size, outbox: last.outbox, logged: last.logged }
  return { tip: { head, edge: builder.edge, bundle: rest }, files }
}

/** A second writer would fork the log, so the checkpoint on disk must still be the one we wrote or read. */
async function refuseMoved(files: LedgerFiles, ours: Checkpoint): Promise<void> {
  const bytes = await files.read('checkpoint')
  if (bytes !== undefined && equalBytes(bytes, utf8(ours.text))) return
  throw new KanpekiError('ledger_moved', 'The checkpoint on disk is not the one this process wrote last.', {
    remedy: 'See that only one Kanpeki runs on this data directory, then start it again.',
  })
}

/** Keeps the newest `most`; a full tile or bundle never changes. */
function keepIn<K, V>(kept: Map<K, V>, key: K, value: V, most: number): void {
  kept.set(key, value)
  if (kept.size > most) kept.delete(kept.keys().next().value!)
}
