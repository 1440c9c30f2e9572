import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import type { JsonObject } from '../../kernel/json.ts'
import { Allowance, EvtxFault } from './allowance.ts'
import { BinXmlReader } from './bin-xml.ts'
import { Renderer } from './render.ts'

export const CHUNK_BYTES = 65_536
const HEADER_BYTES = 512
const MAGIC = Buffer.from('ElfChnk\0', 'latin1')
const ZEROS = Buffer.alloc(CHUNK_BYTES)
const RECORD_MAGIC = 0x00002a2a
const RECORD_HEADER = 24
const SMALLEST_RECORD = RECORD_HEADER + 4

/** Takes what a chunk holds, in its order. */
export interface ChunkSink {
  /** @param at offset of the record in its chunk. @param size its bytes. */
  record(event: JsonObject, at: number, size: number): void
  /** A record that cannot be read; the others of its chunk are. */
  brokenRecord(reason: string, at: number): void
  /** The chunk is passed over; none of its records was given. */
  brokenChunk(reason: string): void
}

/**
 * Reads one chunk. Its checksums must be right, as Windows leaves them when it closes or exports a log.
 * @param bytes CHUNK_BYTES, or fewer where the file ends early.
 * @param live the file was copied while it was being written: its chunks' headers lag behind the records, so these are read one by one for
 *   as long as they are whole and numbered in order, whatever the checksums say.
 */
export function readChunk(bytes: Buffer, live: boolean, sink: ChunkSink): void {
  if (isUnused(bytes)) return
  const header = readHeader(bytes)
  if (typeof header === 'string') {
    sink.brokenChunk(header)
    return
  }
  const fault = checksumFault(bytes, header)
  if (fault !== undefined && !live) {
    sink.brokenChunk(`${fault}; ${header.held}`)
    return
  }
  new ChunkRecords(bytes, sink).read(header.free, live)
}

interface ChunkHeader {
  readonly sound: boolean
  /** Offset behind the last record. */
  readonly free: number
  /** What it says it holds, in words. */
  readonly held: string
}

/** Windows makes room for chunks before it needs them. */
function isUnused(bytes: Buffer): boolean {
  return bytes.equals(ZEROS.subarray(0, bytes.length))
}

function readHeader(bytes: Buffer): ChunkHeader | string {
  if (bytes.length < HEADER_BYTES) return `the file ends within the chunk's header, after ${bytes.length} bytes`
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return 'no chunk begins where one must'
  const sum = crc32(bytes.subarray(128, HEADER_BYTES), crc32(bytes.subarray(0, 120)))
  const sound = sum === bytes.readUInt32LE(124)
  const first = bytes.readBigUInt64LE(24)
  const last = bytes.readBigUInt64LE(32)
  return {
    sound,
    free: bytes.readUInt32LE(48),
    held: sound ? `by its header it holds the records ${first} to ${last}` : 'what it held is not known',
  }
}

function checksumFault(bytes: Buffer, { sound, free }: ChunkHeader): string | undefined {
  if (!sound) return "the checksum of the chunk's header is wrong"
  if (free < HEADER_BYTES || free > CHUNK_BYTES) return `its records would end at byte ${free}`
  if (free > bytes.length) return `the file ends after ${bytes.length} of its ${CHUNK_BYTES} bytes`
  if (crc32(bytes.subarray(HEADER_BYTES, free)) !== bytes.readUInt32LE(52)) return 'the checksum of its records is wrong'
  return undefined
}

class ChunkRecords {
  readonly #bytes: Buffer
  readonly #sink: ChunkSink
  readonly #allowance = new Allowance()
  readonly #reader: BinXmlReader
  readonly #renderer: Renderer

  constructor(bytes: Buffer, sink: ChunkSink) {
    this.#bytes = bytes
    this.#sink = sink
    this.#reader = new BinXmlReader(bytes, this.#allowance)
    this.#renderer = new Renderer(bytes, this.#reader, this.#allowance)
  }

  read(free: number, live: boolean): void {
    const end = live ? this.#bytes.length : free
    let previous: bigint | undefined
    for (let at = HEADER_BYTES; at < end; ) {
      const fault = recordFault(this.#bytes, at, end)
      const id = fault === undefined ? this.#bytes.readBigUInt64LE(at + 8) : undefined
      if (fault !== undefined || (live && previous !== undefined && id !== previous + 1n)) {
        // Behind a live chunk's last record lies what an older use of the chunk left there.
        if (!live || (at < free && free <= end)) {
          this.#sink.brokenRecord(`${fault ?? 'the numbers of its records do not follow'}; the rest of the chunk is lost`, at)
        }
        return
      }
      previous = id
      this.#one(at, this.#bytes.readUInt32LE(at + 4))
      at += this.#bytes.readUInt32LE(at + 4)
    }
  }

  #one(at: number, size: number): void {
    this.#allowance.beginRecord()
    let event: JsonObject
    try {
      event = this.#renderer.document(this.#reader.fragment(at + RECORD_HEADER, at + size - 4, 0))
    } catch (error) {
      if (!(error instanceof EvtxFault)) throw error
      this.#sink.brokenRecord(`record ${this.#bytes.readBigUInt64LE(at + 8)} cannot be read: ${error.message}`, at)
      return
    }
    this.#sink.record(event, at, size)
  }
}

/** Why no record begins here, undefined where one does. Its size stands at both of its ends. */
function recordFault(bytes: Buffer, at: number, end: number): string | undefined {
  if (end - at < SMALLEST_RECORD) return 'a record that is too short'
  if (bytes.readUInt32LE(at) !== RECORD_MAGIC) return 'no record begins where one must'
  const size = bytes.readUInt32LE(at + 4)
  if (size < SMALLEST_RECORD || size > end - at) return `a record of ${size} bytes where ${end - at} are left`
  if (bytes.readUInt32LE(at + size - 4) !== size) return "a record's size differs between its beginning and its end"
  return undefined
}
