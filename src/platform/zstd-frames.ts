import type { Buffer } from 'node:buffer'
import type { Transform } from 'node:stream'
import { createZstdDecompress, type ZstdOptions } from 'node:zlib'

/** RFC 8878 §3.1.1 and §3.1.2; the low four bits of the second are anyone's. */
const FRAME = 0xfd2fb528
const SKIPPABLE = 0x184d2a50
/** Bytes that a frame's header has by its flags (§3.1.1.1.1). */
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const
const CHECKSUM_BYTES = 4
const RUN_LENGTH = 1

/**
 * Decompresses every frame of a zstd stream, skippable ones between them left out (RFC 8878 §3.1). Node's own stops without a word
 * behind the first frame that ends inside a piece of it; `pzstd`, `zstd:chunked` layers and files that were appended have many.
 */
export function createZstdFramesDecompress(options: ZstdOptions = {}): Transform {
  const stream: Transform = createZstdDecompress(options)
  const transform = stream._transform.bind(stream)
  const ends = new FrameEnds()
  stream._transform = (chunk: Buffer, encoding, done) => {
    let rest = chunk
    const next = (error?: Error | null): void => {
      const length = rest.length === 0 ? 0 : ends.next(rest)
      if (error) done(error)
      else if (length === undefined) done(new Error('what follows a zstd frame is none'))
      else if (length === 0) done()
      else {
        const piece = rest.subarray(0, length)
        rest = rest.subarray(length)
        transform(piece, encoding, next)
      }
    }
    next()
  }
  const flush = stream._flush.bind(stream)
  stream._flush = (done) => {
    if (ends.between) flush(done)
    else done(new Error('unexpected end of file'))
  }
  return stream
}

type Part = 'magic' | 'skip-size' | 'skip' | 'descriptor' | 'header' | 'block' | 'data' | 'checksum'

/** The frames that stand in these bytes, the last one perhaps cut; what follows and is none is left out. */
export function* zstdFrames(bytes: Buffer): Generator<Buffer> {
  const ends = new FrameEnds()
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.subarray(at)
    const length = ends.next(rest)
    if (length === undefined) return
    const skippable = rest.length >= 4 && rest.readUInt32LE(0) !== FRAME
    if (!skippable) yield rest.subarray(0, length)
    at += length
  }
}

/** Whether these first bytes are those of a zstd stream. */
export function isZstd(head: Buffer): boolean {
  if (head.length < 4) return false
  const magic = head.readUInt32LE(0)
  return magic === FRAME || magic - (magic % 16) === SKIPPABLE
}

/** Walks over the frames by their headers and those of their blocks. */
class FrameEnds {
  /** What comes now, and how many of its bytes are missing. */
  #part: Part = 'magic'
  #missing = 4
  /** The first bytes of the part, as far as they say something. */
  #value = 0
  #seen = 0
  #checksum = false
  #last = false

  /** Whether a frame may begin here, or the stream end. */
  get between(): boolean {
    return this.#part === 'magic' && this.#missing === 4
  }

  /** How many of these bytes belong to the frame that goes on or begins here; undefined for what is no frame. */
  next(bytes: Buffer): number | undefined {
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(this.#missing, bytes.length - at)
      if (this.#isNumber()) for (let index = 0; index < length; index++) this.#value += bytes[at + index]! * 256 ** this.#seen++
      at += length
      this.#missing -= length
      while (this.#missing === 0) {
        const after = this.#after()
        if (after === 'none') return undefined
        if (after === 'end') return at
      }
    }
    return bytes.length
  }

  #isNumber(): boolean {
    return this.#part !== 'skip' && this.#part !== 'header' && this.#part !== 'data' && this.#part !== 'checksum'
  }

  #after(): 'more' | 'end' | 'none' {
    const value = this.#value
    switch (this.#part) {
      case 'magic':
        if (value === FRAME) return this.#await('descriptor', 1)
        return value - (value % 16) === SKIPPABLE ? this.#await('skip-size', 4) : 'none'
      case 'skip-size':
        return this.#await('skip', value)
      case 'descriptor': {
        const single = (value & 0x20) !== 0
        const size = CONTENT_SIZE_BYTES[(value >> 6) as 0 | 1 | 2 | 3]
        this.#checksum = (value & 4) !== 0
        return this.#await('header', (single ? Math.max(size, 1) : size + 1) + DICTIONARY_ID_BYTES[(value & 3) as 0 | 1 | 2 | 3])
      }
      case 'header':
        return this.#await('block', 3)
      case 'block':
        this.#last = (value & 1) === 1
        return this.#await('data', ((value >> 1) & 3) === RUN_LENGTH ? 1 : value >> 3)
      case 'data':
        if (!this.#last) return this.#await('block', 3)
        return this.#checksum ? this.#await('checksum', CHECKSUM_BYTES) : this.#end()
      case 'skip':
      case 'checksum':
        return this.#end()
    }
  }

  #end(): 'end' {
    this.#await('magic', 4)
    return 'end'
  }

  #await(part: Part, missing: number): 'more' {
    this.#part = part
    this.#missing = missing
    this.#value = 0
    this.#seen = 0
    return 'more'
  }
}
