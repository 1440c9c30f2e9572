import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { zstdFrames } from '../../platform/zstd-frames.ts'

/** Bytes; well beyond any limit, so that only bombs are decoded in part. */
const ROOM = 16 * 1024 * 1024

/** Codings one upon the other that are taken off. */
const MOST_CODINGS = 4

/** Frames of zstd in one body: each costs, however little is in it, and real senders write one. */
const MOST_FRAMES = 256

/**
 * A compressed body as rules should see it, at most `limit` bytes; the body itself where it is not compressed, or not readable.
 * `coding` is as in Content-Encoding, several in the order in which they were applied. What a limit cut off is decoded as far as it goes.
 * A body that is not decoded to its end because it is too much counts as one beyond `limit`: what is missing is written as NUL.
 */
export function decodedBody(body: Buffer, coding: string | undefined, limit: number): Buffer {
  if (coding === undefined || body.length === 0) return body
  const codings = coding.split(',').map((part) => part.trim().toLowerCase())
  let decoded = body
  let whole = true
  for (const name of codings
    .filter((each) => each !== '' && each !== 'identity')
    .toReversed()
    .slice(0, MOST_CODINGS)) {
    const next = decodedOnce(decoded, name, Math.max(limit, ROOM))
    if (next === undefined) break
    decoded = next.bytes
    whole &&= next.whole
  }
  if (decoded === body) return body
  return whole || decoded.length >= limit
    ? decoded.subarray(0, limit)
    : Buffer.concat([decoded, Buffer.alloc(limit - decoded.length)])
}

interface Decoded {
  readonly bytes: Buffer
  readonly whole: boolean
}

function decodedOnce(body: Buffer, name: string, room: number): Decoded | undefined {
  const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
  if (decode === undefined) return undefined
  for (let taken = body.length; taken > 0; taken >>= 1) {
    try {
      const decoded = decode(body.subarray(0, taken), room)
      const whole = taken === body.length
      return Buffer.isBuffer(decoded) ? { bytes: decoded, whole } : { ...decoded, whole: whole && decoded.whole }
    } catch (error) {
      if (!isTooLarge(error)) return undefined
    }
  }
  return undefined
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
}

const flush = constants.Z_SYNC_FLUSH
const gunzip = (body: Buffer, most: number) => gunzipSync(body, { maxOutputLength: most, finishFlush: flush })

/** Many servers leave the frame of zlib out, and browsers read both. */
function inflate(body: Buffer, most: number): Buffer {
  const options = { maxOutputLength: most, finishFlush: flush }
  try {
    return inflateSync(body, options)
  } catch (error) {
    if (isTooLarge(error)) throw error
    return inflateRawSync(body, options)
  }
}

/** Every frame of it, as applications read them; what is broken behind the first ends it. */
function unzstd(body: Buffer, most: number): Decoded {
  const parts: Buffer[] = []
  let room = most
  for (const frame of zstdFrames(body)) {
    if (parts.length === MOST_FRAMES || room === 0) return { bytes: Buffer.concat(parts), whole: false }
    try {
      const part = zstdDecompressSync(frame, { maxOutputLength: room, finishFlush: constants.ZSTD_e_flush })
      parts.push(part)
      room -= part.length
    } catch (error) {
      if (parts.length === 0) throw error
      return { bytes: Buffer.concat(parts), whole: !isTooLarge(error) }
    }
  }
  if (parts.length === 0) throw new Error('no frame of zstd')
  return { bytes: Buffer.concat(parts), whole: true }
}

const DECODERS: Readonly<Record<string, (body: Buffer, most: number) => Buffer | Decoded>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: inflate,
  br: (body, most) => brotliDecompressSync(body, { maxOutputLength: most, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: unzstd,
}
