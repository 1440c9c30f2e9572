import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib'

/**
 * A compressed body as rules should see it, at most `limit` bytes; the body itself where it is not compressed, or not readable.
 * What a limit cut off is decoded as far as it goes.
 */
export function decodedBody(body: Buffer, coding: string | undefined, limit: number): Buffer {
  const decode = coding === undefined ? undefined : DECODERS[coding.trim().toLowerCase()]
  if (decode === undefined || body.length === 0) return body
  // What decodes to more than the limit is decoded in part: half of the input at most is lost to the search for how much.
  for (let taken = body.length; taken > 0; taken >>= 1) {
    try {
      return decode(taken === body.length ? body : body.subarray(0, taken), Math.max(limit, 1))
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
