import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import type { JsonObject } from '../../kernel/json.ts'
import { CHUNK_BYTES, readChunk } from './chunk.ts'

const MAGIC = Buffer.from('ElfFile\0', 'latin1')
/** Bytes before the first chunk. */
export const FILE_HEADER_BYTES = 4096
const DIRTY = 1

/** Takes what the reader finds, in the file's order. Offsets are bytes from the file's beginning, sizes bytes. */
export interface EvtxSink {
  /** An event, in the shape of evtx dumpers' JSON: `{Event: {System, EventData | UserData}}`. */
  record(event: JsonObject, offset: number, size: number): void
  fault(fault: EvtxFinding): void
}

/** What is broken: reported and passed over. */
export interface EvtxFinding {
  readonly what: 'record' | 'chunk' | 'file'
  readonly offset: number
  readonly reason: string
}

/** Whether these first bytes are those of a Windows event log. */
export function isEvtx(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.equals(head.subarray(0, MAGIC.length))
}

/**
 * Reads a Windows event log (EVTX, versions 3.0 to 3.2), pushed in pieces of any size; holds one chunk of 64 KiB. Whatever the bytes are, it
 * throws nothing of its own: what cannot be read is a finding. Every chunk of the file is read, whatever the file's header says about their
 * number, because the header of a log that was not closed lags behind.
 * Source: [MS-EVEN6] for BinXml; Joachim Metz, "Windows XML Event Log (EVTX) format", for the file.
 */
export class EvtxReader {
  readonly #sink: EvtxSink
  readonly #held = Buffer.alloc(CHUNK_BYTES)
  #length = 0
  /** Offset in the file of the block that is being collected. */
  #offset: number
  #live = false

  /** `offset`: where the pieces begin, 0 or the beginning of a chunk (`chunkStart`); `live`, for the latter, as `isLive` says. */
  constructor(sink: EvtxSink, offset = 0, live = false) {
    this.#sink = sink
    this.#offset = offset
    this.#live = live
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const wanted = (this.#offset === 0 ? FILE_HEADER_BYTES : CHUNK_BYTES) - this.#length
      const part = bytes.subarray(at, at + wanted)
      this.#held.set(part, this.#length)
      this.#length += part.length
      at += part.length
      if (part.length === wanted) this.#take()
    }
  }

  end(): void {
    if (this.#length > 0) this.#take()
  }

  #take(): void {
    const block = this.#held.subarray(0, this.#length)
    const offset = this.#offset
    this.#offset += block.length
    this.#length = 0
    if (offset === 0) this.#header(block)
    else {
      readChunk(block, this.#live, {
        record: (event, at, size) => this.#sink.record(event, offset + at, size),
        brokenRecord: (reason, at) => this.#sink.fault({ what: 'record', offset: offset + at, reason }),
        brokenChunk: (reason) => this.#sink.fault({ what: 'chunk', offset, reason }),
      })
    }
  }

  #header(block: Buffer): void {
    const reason = headerFault(block)
    if (reason !== undefined) this.#sink.fault({ what: 'file', offset: 0, reason })
    this.#live = isLive(block)
  }
}

/** Where the chunk begins that holds this offset, or the first one. */
export function chunkStart(offset: number): number {
  return FILE_HEADER_BYTES + Math.max(0, Math.floor((offset - FILE_HEADER_BYTES) / CHUNK_BYTES)) * CHUNK_BYTES
}

/** Whether the log was copied while Windows was writing it. */
export function isLive(header: Buffer): boolean {
  return header.length >= 128 && (header.readUInt32LE(120) & DIRTY) !== 0
}

function headerFault(header: Buffer): string | undefined {
  if (header.length < 128) return `the file ends within its header, after ${header.length} bytes`
  if (!isEvtx(header)) return 'it does not begin as a Windows event log'
  if (crc32(header.subarray(0, 120)) !== header.readUInt32LE(124)) return "the checksum of the file's header is wrong"
  if (header.readUInt16LE(38) !== 3)
    return `version ${header.readUInt16LE(38)}.${header.readUInt16LE(36)} is not known; read as 3.1`
  return undefined
}
