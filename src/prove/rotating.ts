import type { LedgerEntry } from '../kernel/evidence.ts'
import type { LedgerFiles, NewFile } from './files.ts'
import { damaged } from './ledger-tip.ts'
import { makeNextKey, openNextKey, openSigningKey, type SigningKey, type SigningKeyOptions, takeNextKey } from './signing-key.ts'
import { utf8 } from './verify/bytes.ts'
import { checkpointText } from './verify/checkpoint.ts'
import { parseNote, parseVerifierKey, type VerifierKey } from './verify/note.ts'
import { formatRotations, parseRotations, ROTATIONS_FILE, type Rotation, rotationNote, rotationText } from './verify/rotation.ts'

/** What an append has to do where one of its entries announces the key that signs from then on. */
export interface Turn {
  /** Place of the announcement among the appended entries. */
  readonly place: number
  readonly note: string
}

/** The log's key as it changes: one signs, and one may be kept to follow it. */
export interface KeyRing {
  readonly key: SigningKey
  /** Keys that signed before, the oldest first. */
  readonly former: readonly VerifierKey[]
  readonly rotations: readonly Rotation[]
  /** Makes the next key, or takes the one that is kept, and writes the note that announces it, signed by both. */
  prepare(): Promise<string>
  /** Undefined unless one of the entries announces the key that is kept. */
  turnIn(entries: readonly LedgerEntry[]): Turn | undefined
  /** The checkpoint's text; signed by both keys at the turn. */
  sign(size: number, root: Uint8Array, turn: Turn | undefined): string
  /** What must be durable before the checkpoint of the turn is. */
  filesBefore(turn: Turn, first: number, checkpoint: string): readonly NewFile[]
  /** The turn's checkpoint is durable: the next key is the key. */
  settle(size: number): Promise<void>
}

/**
 * Opens the log's keys.
 * @throws KanpekiError as `openSigningKey`, and `ledger_damaged` for a file of rotations that is none.
 */
export async function openKeyRing(folder: string, files: LedgerFiles, options: SigningKeyOptions): Promise<KeyRing> {
  let key: SigningKey = await openSigningKey(folder, options)
  let next = await openNextKey(folder, options.sealer)
  let rotations: readonly Rotation[] = []
  let former: readonly VerifierKey[] = []

  const settle = async (size: number): Promise<void> => {
    const bytes = await files.read(ROTATIONS_FILE)
    const known = bytes === undefined ? [] : parseRotations(bytes)
    if (known === undefined) throw damaged(ROTATIONS_FILE, 'is malformed')
    // A crash before the checkpoint leaves an announcement that is not in the log yet.
    rotations = known.filter(({ index }) => index < size)
    former = rotations.flatMap(({ note }) => keysIn(note)?.from ?? [])
    const last = rotations.at(-1)
    const turned = next !== undefined && last !== undefined && keysIn(last.note)?.to.text === next.verifier.text
    if (next === undefined || !turned) return
    await takeNextKey(folder)
    key = next
    next = undefined
    await files.write([{ path: 'key', bytes: utf8(`${key.verifier.text}\n`) }])
  }

  return {
    get key() {
      return key
    },
    get former() {
      return former
    },
    get rotations() {
      return rotations
    },
    async prepare() {
      next ??= await makeNextKey(folder, key.verifier.name, options.sealer)
      const text = rotationText(key.verifier, next.verifier)
      return key.signNote(text) + next.signatureLine(text)
    },
    turnIn(entries) {
      const expected = next === undefined ? undefined : rotationText(key.verifier, next.verifier)
      for (const [place, entry] of entries.entries()) {
        const note = rotationNote(entry)
        if (note !== undefined && parseNote(utf8(note))?.text === expected) return { place, note }
      }
      return undefined
    },
    sign(size, root, turn) {
      const text = key.signCheckpoint(size, root)
      if (turn === undefined || next === undefined) return text
      return text + next.signatureLine(checkpointText(key.verifier.name, size, root))
    },
    filesBefore({ place, note }, first, checkpoint) {
      const rotation = { index: first + place, note, checkpoint }
      return [{ path: ROTATIONS_FILE, bytes: utf8(formatRotations([...rotations, rotation])) }]
    },
    settle,
  }
}

/** Of a note that we wrote or verified. */
function keysIn(note: string): { readonly from: VerifierKey; readonly to: VerifierKey } | undefined {
  const [, old, fresh] = note.split('\n')
  const [from, to] = [parseVerifierKey(old ?? ''), parseVerifierKey(fresh ?? '')]
  return from === undefined || to === undefined ? undefined : { from, to }
}
