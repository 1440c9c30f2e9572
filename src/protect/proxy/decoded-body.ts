import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib'

/** Bytes; well beyond any limit, so that only bombs are decoded in part. */
const ROOM = 16 * 1024 * 1024

/** Codings one upon the other that are taken off. */
const MOST_CODINGS = 4

/**
 * A compressed body as rules should see it, at most `limit` bytes; the body itself where it is not compressed, or not readable.
 * `coding` is as in Content-Encoding, several in the order in which they were applied. What a limit cut off is decoded as far as it goes.
 */
export function decodedBody(body: Buffer, coding: string | undefined, limit: number): Buffer {
  if (coding === undefined || body.length === 0) return body
  const codings = coding.split(',').map((part) => part.trim().toLowerCase())
  let decoded = body
  for (const name of codings
    .filter((each) => each !== '' && each !== 'identity')
    .toReversed()
    .slice(0, MOST_CODINGS)) {
    const next = decodedOnce(decoded, name, Math.max(limit, ROOM))
    if (next === undefined) break
    decoded = next
  }
  return decoded === body ? body : decoded.subarray(0, limit)
}

function decodedOnce(body: Buffer, name: string, room: number): Buffer | undefined {
  const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
  if (decode === undefined) return undefined
  for (let taken = body.length; taken > 0; taken >>= 1) {
    try {
      return decode(body.subarray(0, taken), room)
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

const DECODERS: Readonly<Record<string, (body: Buffer, most: number) => Buffer>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: inflate,
  br: (body, most) => brotliDecompressSync(body, { maxOutputLength: most, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: (body, most) => zstdDecompressSync(body, { maxOutputLength: most, finishFlush: constants.ZSTD_e_flush }),
}
