import { type FileHandle, open, stat } from 'node:fs/promises'
import { createConnection, type Socket } from 'node:net'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import { realWait } from '../../platform/backoff.ts'
import { readIfThere } from '../../platform/read-if-there.ts'

/** How much is read at once. */
const PIECE = 262_144
const POLL_MS = 250
/** A record is no longer (MAX_AUDIT_MESSAGE_LENGTH and what the daemon adds). */
const LONGEST = 65_536

/** Where reading stood: which file, how far. */
interface Position {
  readonly ino: number
  readonly offset: number
}

export interface AuditLines {
  /** Lines as they come; an empty batch where there are none just now. Ends with the signal. */
  readonly read: (signal: AbortSignal) => AsyncGenerator<readonly string[]>
  /** What was handed out is done with, but for the last so many bytes. */
  readonly done: (waiting: number) => Promise<void>
}

/**
 * Follows the audit system's log over its rotations, from where it stopped; the first time from its end. What was rotated
 * away before it was read is counted.
 */
export function followLog(file: string, positionFile: string, lost: () => void): AuditLines {
  let position: Position | undefined
  let saved = ''
  return {
    async done(waiting) {
      if (position === undefined) return
      const text = JSON.stringify({ ...position, offset: Math.max(0, position.offset - waiting) })
      if (text === saved) return
      await writeFileAtomically(positionFile, text)
      saved = text
    },
    async *read(signal) {
      const kept = await readIfThere(positionFile)
      position = kept === undefined ? undefined : (JSON.parse(kept) as Position)
      while (!signal.aborted) {
        const now = await stat(file)
        position ??= { ino: now.ino, offset: now.size }
        let from = file
        if (position.ino !== now.ino) {
          // The daemon renames what is full to NAME.1.
          const rotated = await stat(`${file}.1`).catch(() => undefined)
          if (rotated?.ino === position.ino && rotated.size > position.offset) from = `${file}.1`
          else {
            if (rotated?.ino !== position.ino) lost()
            position = { ino: now.ino, offset: 0 }
          }
        } else if (now.size < position.offset) {
          lost()
          position = { ino: now.ino, offset: 0 }
        }
        const handle = await open(from)
        try {
          const { lines, bytes } = await readLines(handle, position.offset)
          position = { ino: position.ino, offset: position.offset + bytes }
          yield lines
          if (bytes > 0) continue
          // A last line without an end, in a file that nobody writes any more.
          if (from !== file) position = { ino: now.ino, offset: 0 }
        } finally {
          await handle.close()
        }
        await realWait(POLL_MS, signal)
      }
    },
  }
}

async function readLines(handle: FileHandle, offset: number): Promise<{ lines: readonly string[]; bytes: number }> {
  const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE), 0, PIECE, offset)
  const end = buffer.subarray(0, bytesRead).lastIndexOf(10)
  if (end < 0) return { lines: [], bytes: bytesRead === PIECE ? PIECE : 0 }
  return { lines: buffer.toString('utf8', 0, end).split('\n'), bytes: end + 1 }
}

/** Records from the dispatcher's socket (the audit daemon's plugin af_unix); what came while nobody listened is not there. */
export function followSocket(path: string): AuditLines {
  return {
    done: async () => {},
    async *read(signal) {
      const socket = await connected(path, signal)
      try {
        let rest = ''
        for await (const piece of socket.setEncoding('utf8') as AsyncIterable<string>) {
          const lines = (rest + piece).split('\n')
          rest = lines.pop()!.slice(-LONGEST)
          yield lines
        }
      } finally {
        socket.destroy()
      }
      if (!signal.aborted) throw new Error(`the audit dispatcher closed ${path}`)
    },
  }
}

const connected = (path: string, signal: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ path, signal }, () => resolve(socket))
    socket.once('error', reject)
  })
