import type { FileHandle } from 'node:fs/promises'
import type { RawRecord } from '../../../kernel/event.ts'
import { lineRecord, tooLong } from '../../record.ts'
import { CHECK_BYTES, checkOf, type FilePosition } from './book.ts'

const READ_BYTES = 262_144
const KEPT_OF_LONG_LINE = 8192
const LF = 0x0a
const CR = 0x0d

/** Whole lines read from a file, and where the next one begins. */
export interface Lines {
  readonly records: readonly RawRecord[]
  readonly bytes: number
  readonly position: Pick<FilePosition, 'offset' | 'checked' | 'check'>
}

/** `more`: something new, but no whole line yet. `end`: nothing new. `replaced`: what lies before the position is not what was read there: cut, or written anew. */
export type ReadResult = Lines | 'more' | 'end' | 'replaced'

/** Reads lines of one content of one open file, from a position on. Holds at most one incomplete line. */
export class FileTail {
  readonly key: string
  readonly generation: string
  path: string
  /** Rotated away: when it stays quiet for a while it is closed. */
  gone = false
  quietReads = 0
  /** The last read did not reach the end: more was there. */
  behind = false
  private readonly handle: FileHandle
  private readonly maxLineBytes: number
  private readonly buffer = Buffer.allocUnsafe(CHECK_BYTES + READ_BYTES)
  /** Start of the first line that has not left. */
  offset: number
  /** Read but not yet ended by a line feed. */
  private pending: Buffer = Buffer.alloc(0)
  private skipping: { readonly kept: Buffer; seen: number } | undefined
  /** The last bytes before the reading position. */
  private guard: Buffer

  constructor(file: {
    readonly key: string
    readonly generation: string
    readonly path: string
    readonly handle: FileHandle
    readonly offset: number
    /** The bytes before `offset`. */
    readonly guard: Buffer
    readonly maxLineBytes: number
  }) {
    this.key = file.key
    this.generation = file.generation
    this.path = file.path
    this.handle = file.handle
    this.offset = file.offset
    this.guard = file.guard
    this.maxLineBytes = file.maxLineBytes
  }

  /**
   * Reads on. Each read begins a little before the reading position: that the bytes there are still the same shows that
   * the file was not cut or replaced in between, even if it has grown past the position again.
   */
  async read(): Promise<ReadResult> {
    const from = this.offset + (this.skipping?.seen ?? this.pending.length)
    const start = from - this.guard.length
    const { bytesRead } = await this.handle.read(this.buffer, 0, this.guard.length + READ_BYTES, start)
    if (bytesRead < this.guard.length || !this.buffer.subarray(0, this.guard.length).equals(this.guard)) return 'replaced'
    this.behind = bytesRead === this.guard.length + READ_BYTES
    if (bytesRead === this.guard.length) return 'end'
    const fresh = this.buffer.subarray(this.guard.length, bytesRead)
    const begin = this.offset
    const records = this.split(fresh)
    const before = this.buffer.subarray(0, this.offset - start)
    const position = { offset: this.offset, ...checkOf(lastOf(before)) }
    this.guard = Buffer.from(lastOf(this.buffer.subarray(0, bytesRead)))
    return records.length === 0 ? 'more' : { records, bytes: this.offset - begin, position }
  }

  /** What stands at the end without a line feed, once nothing more will come. */
  rest(): Lines | undefined {
    const { pending, skipping } = this
    if (pending.length === 0 && skipping === undefined) return undefined
    const start = this.offset
    const record =
      skipping === undefined
        ? lineRecord(this.id(start), withoutReturn(pending), this.maxLineBytes, this.path)
        : tooLong(this.id(start), skipping.kept, skipping.seen, this.maxLineBytes, this.path)
    this.offset += skipping?.seen ?? pending.length
    this.pending = Buffer.alloc(0)
    this.skipping = undefined
    return { records: [record], bytes: this.offset - start, position: { offset: this.offset, ...checkOf(this.guard) } }
  }

  async close(): Promise<void> {
    await this.handle.close()
  }

  private split(fresh: Buffer): RawRecord[] {
    const records: RawRecord[] = []
    let at = 0
    for (;;) {
      const end = fresh.indexOf(LF, at)
      if (end < 0) break
      this.take(fresh.subarray(at, end), records)
      at = end + 1
    }
    this.hold(fresh.subarray(at))
    return records
  }

  /** Ends a line with `last`, the bytes before its line feed. */
  private take(last: Buffer, records: RawRecord[]): void {
    const id = this.id(this.offset)
    if (this.skipping !== undefined) {
      const length = this.skipping.seen + last.length
      records.push(tooLong(id, this.skipping.kept, length, this.maxLineBytes, this.path))
      this.skipping = undefined
      this.offset += length + 1
      return
    }
    const line = this.pending.length === 0 ? last : Buffer.concat([this.pending, last])
    this.pending = Buffer.alloc(0)
    this.offset += line.length + 1
    const text = withoutReturn(line)
    if (text.length > 0) records.push(lineRecord(id, text, this.maxLineBytes, this.path))
  }

  private hold(rest: Buffer): void {
    if (this.skipping !== undefined) {
      this.skipping.seen += rest.length
      return
    }
    // Copied: `rest` lies in the buffer that the next read overwrites.
    this.pending = this.pending.length === 0 ? Buffer.from(rest) : Buffer.concat([this.pending, rest])
    if (this.pending.length <= this.maxLineBytes) return
    this.skipping = { kept: Buffer.from(this.pending.subarray(0, KEPT_OF_LONG_LINE)), seen: this.pending.length }
    this.pending = Buffer.alloc(0)
  }

  private id(offset: number): string {
    return `file:${this.generation}:${offset}`
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line
}

function lastOf(bytes: Buffer): Buffer {
  return bytes.subarray(Math.max(0, bytes.length - CHECK_BYTES))
}
