import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { KanpekiError } from '../../../kernel/error.ts'
import { createZstdFramesDecompress } from '../../../platform/zstd-frames.ts'
import { type BodyRoom, BodyRooms } from './body-rooms.ts'

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: () => createInflate({ rejectGarbageAfterEnd: true }),
  // The OpenTelemetry Collector's name for the same.
  zlib: () => createInflate({ rejectGarbageAfterEnd: true }),
  br: () => createBrotliDecompress({ rejectGarbageAfterEnd: true }),
  zstd: () => createZstdFramesDecompress(),
}

/** Bytes that requests may hold in memory, taken as they arrive. */
export interface MemoryBudget {
  take(bytes: number): boolean
  give(bytes: number): void
  /** Where a body is gathered whose bytes were taken. @param declared how long it will be, if that is known. */
  room(declared?: number): BodyRoom
}

/** One memory for all senders, of which none gets all. */
export interface SharedMemory {
  /** What one sender may take of it. */
  of(sender: string): MemoryBudget
}

/** A sender that floods leaves this much to the others. */
const KEPT_FOR_OTHERS = 1 / 4

export function memoryBudget(limit: number): SharedMemory {
  const share = limit * (1 - KEPT_FOR_OTHERS)
  const heldBy = new Map<string, number>()
  const rooms = new BodyRooms()
  let held = 0
  return {
    of: (sender) => ({
      take(bytes) {
        const own = (heldBy.get(sender) ?? 0) + bytes
        if (held + bytes > limit || own > share) return false
        held += bytes
        heldBy.set(sender, own)
        return true
      },
      give(bytes) {
        held -= bytes
        const own = (heldBy.get(sender) ?? 0) - bytes
        if (own > 0) heldBy.set(sender, own)
        else heldBy.delete(sender)
      },
      room: (declared) => rooms.open(declared),
    }),
  }
}

export interface ReadBody {
  /** In memory that threads share; another body's once it is released. */
  readonly body: Buffer
  /** SHA-256 of `body`, hex. */
  readonly digest: string
  /** Must be called once the body is no longer held. */
  release(): void
}

/**
 * Reads and decompresses a request's body. The limit is on the decompressed bytes and applied as they come out, so that a
 * bomb is stopped after `maxBytes`, whatever it would have grown to. The request is left unread on an error: the caller
 * answers, then drains it.
 * @param own a content encoding that the format itself takes off.
 * @throws KanpekiError `body_too_large`, `queue_full` (no memory for it now), `bad_encoding`, `unsupported_encoding`, `body_aborted`.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  budget: MemoryBudget,
  own?: string,
): Promise<ReadBody> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > maxBytes) throw tooLarge(maxBytes)
  const decoder = decoderFor(request.headers['content-encoding'], own)
  const hash = createHash('sha256')
  const room = budget.room(decoder === undefined && declared > 0 ? declared : 0)
  let held = 0
  const release = (): void => {
    budget.give(held)
    held = 0
    room.release()
  }
  try {
    await new Promise<void>((resolve, reject) => {
      const stream = decoder ?? request
      stream.on('data', (chunk: Buffer) => {
        if (held + chunk.length > maxBytes) return reject(tooLarge(maxBytes))
        if (!budget.take(chunk.length)) return reject(busy())
        held += chunk.length
        hash.update(chunk)
        room.add(chunk)
      })
      stream.once('end', resolve)
      decoder?.once('error', (error) => reject(badEncoding(error.message, request.headers['content-encoding'])))
      request.once('error', () => reject(aborted()))
      request.once('close', () => {
        if (!request.complete) reject(aborted())
      })
      if (decoder !== undefined) request.pipe(decoder)
    })
  } catch (error) {
    release()
    throw error
  } finally {
    request.removeAllListeners('data')
    if (decoder !== undefined) {
      request.unpipe(decoder)
      decoder.on('error', () => {})
      decoder.destroy()
    }
  }
  return { body: room.bytes, digest: hash.digest('hex'), release }
}

function decoderFor(header: string | string[] | undefined, own: string | undefined): Transform | undefined {
  const name = String(header ?? 'identity')
    .trim()
    .toLowerCase()
  if (name === '' || name === 'identity' || name === own) return undefined
  const create = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
  if (create === undefined)
    throw new KanpekiError(
      'unsupported_encoding',
      `The content encoding ${JSON.stringify(name.slice(0, 40))} is not taken: send one of gzip, deflate, br, zstd, or none.`,
    )
  return create()
}

function tooLarge(maxBytes: number): KanpekiError {
  return new KanpekiError('body_too_large', `The request is larger than ${maxBytes} bytes (decompressed).`, {
    remedy: 'Send it in smaller requests.',
  })
}

function busy(): KanpekiError {
  return new KanpekiError('queue_full', 'Too many requests are waiting to be written.', { remedy: 'Send it again in a moment.' })
}

function badEncoding(detail: string, encoding: string | undefined): KanpekiError {
  const why = /^\s*deflate\s*$/i.test(encoding ?? '') ? ' `deflate` is the form of zlib (RFC 1950), not raw DEFLATE.' : ''
  return new KanpekiError('bad_encoding', `The body cannot be decompressed: ${detail}.${why}`)
}

function aborted(): KanpekiError {
  return new KanpekiError('body_aborted', 'The sender closed the connection before the end of the body.')
}
