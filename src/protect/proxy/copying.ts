import type { BodySink } from './body.ts'

/**
 * A sink that copies the beginning of what passes. `conclude` gets the copy before the end, or the last piece of a body whose
 * length is known, goes on to the other side.
 * @param limit how many bytes are copied.
 */
export function copying(
  sink: BodySink,
  limit: number,
  length: number | undefined,
  conclude: (copied: Buffer, isTruncated: boolean) => void,
): BodySink {
  const copied: Buffer[] = []
  let size = 0
  let passed = 0
  let last: Buffer | undefined
  const end = () => conclude(Buffer.concat(copied), passed > size)
  return {
    ...sink,
    write: (chunk) => {
      const part = chunk.subarray(0, Math.max(0, limit - size))
      if (part.length > 0) copied.push(part)
      size += part.length
      passed += chunk.length
      if (passed !== length) return sink.write(chunk)
      last = chunk
      return true
    },
    end: () => {
      end()
      if (last !== undefined) sink.write(last)
      sink.end()
    },
    abort: () => {
      end()
      sink.abort()
    },
  }
}
