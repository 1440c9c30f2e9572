import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { textOf, utf8 } from './bytes.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import type { ReadEntry } from './entry.ts'
import { checkNote, parseNote, parseVerifierKey, type VerifierKey } from './note.ts'

/** Below the ledger's folder: one canonical JSON object a line, the first rotation first. */
export const ROTATIONS_FILE = 'rotations'

/** Action of the entry that announces a new key. */
export const ROTATION_ACTION = 'ledger-key.rotate'

/** First line of the note; no log can be called so, so it is never taken for a checkpoint. */
const TITLE = 'kanpeki ledger key rotation'

/** A log's change of its key. */
export interface Rotation {
  /** Of the entry that announces it. */
  readonly index: number
  /** A signed note that names both keys, signed by both. */
  readonly note: string
  /** The first checkpoint over that entry, signed by both. */
  readonly checkpoint: string
}

/** A rotation whose signatures hold. */
export interface CheckedRotation extends Rotation {
  readonly from: VerifierKey
  readonly to: VerifierKey
  readonly head: Checkpoint
}

/** What both keys sign. */
export function rotationText(from: VerifierKey, to: VerifierKey): string {
  return `${TITLE}\n${from.text}\n${to.text}\n`
}

/** The note in an entry that announces a new key; undefined for every other entry. */
export function rotationNote({ type, body }: Pick<ReadEntry, 'type' | 'body'>): string | undefined {
  const { action, note } = body
  return type === 'admin' && action === ROTATION_ACTION && typeof note === 'string' ? note : undefined
}

/** The keys that a rotation's note names; undefined unless both signed it and both are of one log. */
export async function readRotationNote(
  text: string,
): Promise<{ readonly from: VerifierKey; readonly to: VerifierKey } | undefined> {
  const note = parseNote(utf8(text))
  const [title, old, fresh, end, ...more] = note?.text.split('\n') ?? []
  const from = parseVerifierKey(old ?? '')
  const to = parseVerifierKey(fresh ?? '')
  if (note === undefined || title !== TITLE || end !== '' || more.length > 0 || from === undefined || to === undefined)
    return undefined
  if (from.name !== to.name || from.text === to.text) return undefined
  const faults = await Promise.all([from, to].map((key) => checkNote(note, key)))
  return faults.every((fault) => fault === undefined) ? { from, to } : undefined
}

/** Checks all that can be without the log: a text says what does not hold. */
export async function checkRotation(rotation: Rotation): Promise<CheckedRotation | string> {
  const keys = await readRotationNote(rotation.note)
  if (keys === undefined) return 'the announcement of the new key is not signed by the old key and the new one'
  const head = parseCheckpoint(utf8(rotation.checkpoint))
  if (head === undefined || head.origin !== keys.from.name || head.size <= rotation.index)
    return 'beside the announcement there is no checkpoint over it'
  const faults = await Promise.all([keys.from, keys.to].map((key) => checkNote(head.note, key)))
  if (faults.some((fault) => fault !== undefined)) return 'the checkpoint over the announcement is not signed by both keys'
  return { ...rotation, ...keys, head }
}

/** The file's text. */
export function formatRotations(rotations: readonly Rotation[]): string {
  return rotations.map((rotation) => `${canonicalJson(rotation as unknown as JsonObject)}\n`).join('')
}

/** Reads the file; undefined for one that is none. */
export function parseRotations(bytes: Uint8Array): readonly Rotation[] | undefined {
  const text = textOf(bytes)
  if (text === undefined || (text !== '' && !text.endsWith('\n'))) return undefined
  const lines = text.split('\n').slice(0, -1).map(parseRotation)
  return lines.every((line) => line !== undefined) ? lines : undefined
}

function parseRotation(line: string): Rotation | undefined {
  try {
    const value = JSON.parse(line) as JsonValue
    if (!isJsonObject(value) || canonicalJson(value) !== line) return undefined
    const { index, note, checkpoint, ...more } = value
    if (typeof index !== 'number' || typeof note !== 'string' || typeof checkpoint !== 'string') return undefined
    return Object.keys(more).length === 0 ? { index, note, checkpoint } : undefined
  } catch {
    return undefined
  }
}

/** What a log's rotations say about the keys that are trusted. */
export interface KeyChain {
  /** Whom the newest checkpoint must be signed by: the keys given, or the newest that they lead to. */
  readonly head: readonly VerifierKey[]
  /** Those, and all that came before them. */
  readonly all: readonly VerifierKey[]
}

/**
 * Follows the keys from a trusted one to the newest, one rotation to the next, and back to those before it, which vouched for
 * it and which it vouches for.
 * @param rotations in order, without a gap between one's new key and the next one's old key.
 */
export function followKeys(trusted: readonly VerifierKey[], rotations: readonly CheckedRotation[]): KeyChain {
  const keys = rotations.length === 0 ? [] : [rotations[0]!.from, ...rotations.map(({ to }) => to)]
  if (!trusted.some(({ text }) => keys.some((key) => key.text === text))) return { head: trusted, all: trusted }
  const others = trusted.filter(({ name }) => name !== keys[0]!.name)
  return { head: [...others, keys.at(-1)!], all: [...others, ...keys] }
}
