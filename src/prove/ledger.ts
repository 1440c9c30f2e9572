import { join } from 'node:path'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { LedgerEntry } from '../kernel/evidence.ts'
import type { Sealer } from '../platform/secrets/sealer.ts'
import { type Copies, openCopies } from './copies.ts'
import { type EncodedEntries, encodeEntries } from './encode-entries.ts'
import { entryText } from './entry-text.ts'
import { diskFiles, type LedgerFiles, removeUnfinished } from './files.ts'
import { damaged, LEDGER_FOLDER, type LedgerHead, loadTip, readStoredTile, type Tip } from './ledger-tip.ts'
import { nativeTiles } from './native-tiles.ts'
import { planAppend } from './plan-append.ts'
import { type KeyRing, openKeyRing } from './rotating.ts'
import { removeUnpublished } from './unpublished.ts'
import { equalBytes, utf8 } from './verify/bytes.ts'
import type { Checkpoint } from './verify/checkpoint.ts'
import type { VerifierKey } from './verify/note.ts'
import type { Rotation } from './verify/rotation.ts'
import { type ReadTile, splitEntryBundle, TILE_WIDTH, tilePath, tileWidth } from './verify/tiles.ts'

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
   * Appends entries and signs one checkpoint over them; calls queue up. Resolves once all of it is durable; on an error nothing is
   * published, or everything is (a crash has the same two outcomes): `head` says which.
   * @param texts what `entryText` gives for each, where the caller has it already.
   * @throws KanpekiError `ledger_entry_too_large`, `ledger_outbox_order`, `ledger_moved`, or the disk's error.
   */
  append(entries: readonly LedgerEntry[], texts?: readonly string[]): Promise<LedgerHead>
  /** Bytes of an entry; undefined beyond the head. */
  entry(index: number): Promise<Uint8Array | undefined>
  readonly readTile: ReadTile
  /** Changes of the key, the first one first. */
  readonly rotations: readonly Rotation[]
  /**
   * Makes a key to follow the one that signs, and the note that announces it. It signs from the checkpoint over an entry with
   * that note on, which both sign; until then nothing has changed.
   */
  prepareRotation(): Promise<string>
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
  /** Entries that the state store's index knows: a log that is not there any more is not begun anew. */
  readonly indexed?: number
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
  if (fresh && (options.indexed ?? 0) > 0) {
    throw new KanpekiError('ledger_rolled_back', `There is no ledger; ${options.indexed} of its entries were indexed before.`, {
      place: { file: `${LEDGER_FOLDER}/checkpoint` },
      remedy: 'Restore the newest ledger folder. Going on from here would sign a second history.',
    })
  }
  const ring = await openKeyRing(join(options.data, KEYS_FOLDER), files, {
    mayCreate: fresh,
    origin: options.origin,
    sealer: options.sealer,
  })
  if (fresh) {
    const bytes = utf8(ring.key.signCheckpoint(0, nativeTiles().root()))
    await files.write([{ path: 'checkpoint', bytes }])
  }
  const tip = await loadTip(files, ring.key)
  await ring.settle(tip.head.size)
  await files.write([{ path: 'key', bytes: utf8(`${ring.key.verifier.text}\n`) }])
  const copies = await openCopies(options.copies ?? [], tip.head.checkpoint, [...ring.former, ring.key.verifier], clock)
  return ledgerOn(files, ring, copies, tip)
}

function ledgerOn(files: LedgerFiles, ring: KeyRing, copies: Copies, start: Tip): Ledger {
  let tip = start
  let intact = true
  let tidy = false
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

  const reload = async (): Promise<void> => {
    tip = await loadTip(files, ring.key)
    await ring.settle(tip.head.size)
    tidy = false
    intact = true
  }

  const append = async (entries: readonly LedgerEntry[], encoded: EncodedEntries): Promise<LedgerHead> => {
    if (entries.length === 0) return tip.head
    if (!intact) await reload()
    refuseDisorder(entries, tip.head.outbox)
    const turn = ring.turnIn(entries)
    const plan = planAppend(tip, entries, encoded, (size, root) => ring.sign(size, root, turn))
    const { text } = plan.tip.head.checkpoint
    const before = tip.head.size
    intact = false
    await refuseMoved(files, tip.head.checkpoint)
    // Not before there is something to write: whoever opened a log that was put back still finds what was beyond.
    if (!tidy) await removeUnpublished(files, before)
    tidy = true
    await files.write(plan.files.map(({ id, bytes }) => ({ path: tilePath(id), bytes })))
    if (turn !== undefined) await files.write(ring.filesBefore(turn, before, text))
    await files.write([{ path: 'checkpoint', bytes: utf8(text) }])
    tip = plan.tip
    if (turn !== undefined) await ring.settle(tip.head.size)
    intact = true
    // Only now can no reader need the partial tiles; a crash before this leaves them, which harms nothing.
    for (const { id } of plan.files) {
      const begun = tileWidth(before, id.level, id.index) > 0
      if (id.width === TILE_WIDTH && begun) await files.remove(`${tilePath(id)}.p`).catch(() => undefined)
    }
    await copies.publish(tip.head.checkpoint)
    return tip.head
  }

  /** After a failed write only the disk knows which head is signed. */
  const recover = async (): Promise<void> => {
    if (intact) return
    try {
      await reload()
    } catch {
      // The next append tries again, and throws what is wrong.
    }
  }

  return {
    get key() {
      return ring.key.verifier
    },
    get rotations() {
      return ring.rotations
    },
    prepareRotation: () => ring.prepare(),
    copies,
    get head() {
      return tip.head
    },
    async append(entries, texts) {
      // Before its turn comes: entries are hashed while the disk still writes those before them.
      const encoded = encodeEntries(entries, texts ?? entries.map(entryText))
      const done = queue.then(() => append(entries, encoded))
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
    signNote: (text) => ring.key.signNote(text),
    signDigests: (digests) => ring.key.signDigests(digests),
    keepCosigned: (bytes) => files.write([{ path: COSIGNED_FILE, bytes }]),
    readCosigned: () => files.read(COSIGNED_FILE),
    files,
    file: (path) => files.read(path),
  }
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
