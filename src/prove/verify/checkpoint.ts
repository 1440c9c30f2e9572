import { fromBase64, textOf, toBase64 } from './bytes.ts'
import { HASH_BYTES } from './merkle.ts'
import { parseNote, type SignedNote } from './note.ts'

/** The head of a log at one size (C2SP tlog-checkpoint), not yet checked against any key. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
  readonly note: SignedNote
  /** The bytes it was read from, as text. */
  readonly text: string
}

/** The text that a log signs. */
export function checkpointText(origin: string, size: number, root: Uint8Array): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** Reads a checkpoint; undefined unless well formed. Extension lines are refused: this log never writes any. */
export function parseCheckpoint(bytes: Uint8Array): Checkpoint | undefined {
  const note = parseNote(bytes)
  const text = textOf(bytes)
  if (note === undefined || text === undefined) return undefined
  const [origin, sizeText, rootText, end, ...more] = note.text.split('\n')
  if (origin === undefined || origin === '' || end !== '' || more.length > 0) return undefined
  if (sizeText === undefined || !/^(0|[1-9]\d*)$/.test(sizeText) || !Number.isSafeInteger(Number(sizeText))) return undefined
  const root = fromBase64(rootText ?? '')
  if (root === undefined || root.length !== HASH_BYTES) return undefined
  return { origin, size: Number(sizeText), root, note, text }
}

const ONE_CHECKPOINT = /^[^\n]+\n\d+\n[^\n]{44}\n\n(?:— [^\n]+\n)+/gmu

/**
 * Finds the notes in a file to which checkpoints were appended one after the other, each followed by an empty line; a
 * plain checkpoint file is a list of one. `rest` is whatever is none of them, such as a write that a power cut tore.
 */
export function splitCheckpoints(text: string): { readonly notes: readonly string[]; readonly rest: string } {
  return { notes: text.match(ONE_CHECKPOINT) ?? [], rest: text.replaceAll(ONE_CHECKPOINT, '').trim() }
}
