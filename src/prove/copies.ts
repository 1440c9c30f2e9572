import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { equalBytes, utf8 } from './verify/bytes.ts'
import { type Checkpoint, parseCheckpoint, splitCheckpoints } from './verify/checkpoint.ts'
import { checkNote, type VerifierKey } from './verify/note.ts'

/** A checkpoint has about 200 bytes: enough to find our own last one even where logs share a file. */
const TAIL_BYTES = 1 << 20
/** Where none of ours is in it, more of the file is read. */
const TAIL_GROWS = 16

/** How a place outside stands. Times are milliseconds UTC. */
export interface CopyState {
  readonly kind: 'file'
  readonly place: string
  /** Size of the newest checkpoint known to be there. */
  readonly size: number
  readonly at: number | null
  readonly failures: number
  /** Why the last write failed; null when it did not. */
  readonly reason: string | null
}

/** Places outside the data directory that get every checkpoint: whoever holds the host's key does not rewrite them. */
export interface Copies {
  readonly states: readonly CopyState[]
  /** Never rejects: a place that cannot be written is counted and tried again with the next checkpoint. */
  publish(checkpoint: Checkpoint): Promise<void>
}

/**
 * Opens the files that checkpoints are appended to, each followed by an empty line (`kanpeki verify --since` reads them).
 * @throws KanpekiError `ledger_rolled_back` or `ledger_forked` if a copy knows a checkpoint of ours that the log does not.
 */
export async function openCopies(
  places: readonly string[],
  head: Checkpoint,
  keys: readonly VerifierKey[],
  clock: Clock,
): Promise<Copies> {
  const states: CopyState[] = []
  for (const given of places) {
    const place = resolve(given)
    try {
      const last = await lastSigned(place, keys)
      if (last !== undefined) refuseFork(place, last, head)
      states.push({ kind: 'file', place, size: last?.size ?? 0, at: null, failures: 0, reason: null })
    } catch (error) {
      if (error instanceof KanpekiError) throw error
      states.push({ kind: 'file', place, size: 0, at: null, failures: 1, reason: messageOf(error) })
    }
  }
  const copies: Copies = {
    states,
    async publish(checkpoint) {
      for (const [at, state] of states.entries()) states[at] = await copyTo(state, checkpoint, clock)
    },
  }
  if (states.some((state) => state.size < head.size || state.size === 0)) await copies.publish(head)
  return copies
}

async function copyTo(state: CopyState, checkpoint: Checkpoint, clock: Clock): Promise<CopyState> {
  try {
    await mkdir(dirname(state.place), { recursive: true })
    const file = await open(state.place, 'a', 0o644)
    try {
      await file.appendFile(`${checkpoint.text}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    return { ...state, size: checkpoint.size, at: clock.now(), reason: null }
  } catch (error) {
    return { ...state, failures: state.failures + 1, reason: messageOf(error) }
  }
}

/**
 * The largest of the newest checkpoints in the file that one of our keys signed. Others may share the file, and whoever may
 * append to it may write what no key of ours signed, of any size and any length: that hides none of ours.
 */
async function lastSigned(place: string, keys: readonly VerifierKey[]): Promise<Checkpoint | undefined> {
  for (let length = TAIL_BYTES; ; length *= TAIL_GROWS) {
    const { text, whole } = await readTail(place, length)
    const claimed = splitCheckpoints(text)
      .notes.map((note) => parseCheckpoint(utf8(note)))
      .filter((checkpoint) => checkpoint !== undefined)
      .filter(({ origin }) => origin === keys[0]?.name)
      .sort((a, b) => b.size - a.size)
    for (const checkpoint of claimed)
      for (const key of keys) if ((await checkNote(checkpoint.note, key)) === undefined) return checkpoint
    if (whole) return undefined
  }
}

async function readTail(place: string, most: number): Promise<{ readonly text: string; readonly whole: boolean }> {
  const file = await open(place, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return { text: '', whole: true }
  try {
    const { size } = await file.stat()
    const length = Math.min(size, most)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
    return { text: buffer.toString('utf8', 0, bytesRead), whole: length === size }
  } finally {
    await file.close()
  }
}

function refuseFork(place: string, copy: Checkpoint, head: Checkpoint): void {
  if (copy.size > head.size) {
    throw new KanpekiError('ledger_rolled_back', `The ledger has ${head.size} entries; ${copy.size} were signed before.`, {
      place: { file: place },
      remedy: 'Restore the newest ledger folder. Going on from here would sign a second history.',
    })
  }
  if (copy.size === head.size && !equalBytes(copy.root, head.root)) {
    throw new KanpekiError('ledger_forked', `Another ledger of ${head.size} entries was signed with the same key before.`, {
      place: { file: place },
      remedy: 'Restore the ledger folder that belongs to the copy, and find out who holds the key.',
    })
  }
}
