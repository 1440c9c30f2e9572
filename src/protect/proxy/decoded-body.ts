import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib'

/** Bytes; well beyond any limit, so that only bombs are decoded in part. */
const ROOM = 16 * 1024 * 1024

/**
 * A compressed body as rules should see it, at most `limit` bytes; the body itself where it is not compressed, or not readable.
 * What a limit cut off is decoded as far as it goes.
 */
export function decodedBody(body: Buffer, coding: string | undefined, limit: number): Buffer {
  const decode = coding === undefined ? undefined : DECODERS[coding.trim().toLowerCase()]
  if (decode === undefined || body.length === 0) return body
  const room = Math.max(limit, ROOM)
  for (let taken = body.length; taken > 0; taken >>= 1) {
    try {
      return decode(body.subarray(0, taken), room).subarray(0, limit)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') return body
    }
  }
  return body
}

const flush = constants.Z_SYNC_FLUSH
const gunzip = (body: Buffer, most: number) => gunzipSync(body, { maxOutputLength: most, finishFlush: flush })
const DECODERS: Readonly<Record<string, (body: Buffer, most: number) => Buffer>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: (body, most) => inflateSync(body, { maxOutputLength: most, finishFlush: flush }),
  br: (body, most) => brotliDecompressSync(body, { maxOutputLength: most, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
}
