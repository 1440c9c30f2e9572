import type { FileHandle } from 'node:fs/promises'
import type { RawRecord } from '../../../kernel/event.ts'
import { joinLines, type LineMemory } from '../../join/lines.ts'
import { lineRecord, tooLong } from '../../record.ts'
import { CHECK_BYTES, checkOf, type FilePosition } from './book.ts'

const READ_BYTES = 262_144
const KEPT_OF_LONG_LINE = 8192
/** Whole lines that wait for what belongs to them, bytes. */
const MAX_HELD_BYTES = 4_194_304
/** Reads in a row without anything new after which they leave as they are. */
const QUIET_READS = 2
const LF = 0x0a
const CR = 0x0d

/** Whole lines read from a file, and where the next one begins. */
export interface Lines {
  readonly records: readonly RawRecord[]
  readonly bytes: number
  readonly position: Pick<FilePosition, 'offset' | 'checked' | 'check' | 'header'>
}

/** `more`: something new, but no whole line yet. `end`: nothing new. `replaced`: what lies before the position is not what was read there: cut, or written anew. */
export type ReadResult = Lines | 'more' | 'end' | 'replaced'

interface PlacedLine {
  readonly record: RawRecord
  /** Where it begins, counted from the first line that has not left. */
  readonly start: number
}

/**
 * Reads lines of one content of one open file, from a position on. Holds an incomplete line, and whole ones that may belong
 * together with what comes next (`../../join`).
 */
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
  /** The bytes before `offset`. */
  private before: Buffer
  /** Read from `offset` on: whole lines that are held back, then one without its line feed. */
  private pending: Buffer = Buffer.alloc(0)
  private skipping: { readonly kept: Buffer; seen: number } | undefined
  /** The last bytes before the reading position. */
  private guard: Buffer
  private readonly memory: LineMemory
  private heldReads = 0

  constructor(file: {
    readonly key: string
    readonly generation: string
    readonly path: string
    readonly handle: FileHandle
    readonly offset: number
    /** The bytes before `offset`. */
    readonly guard: Buffer
    readonly maxLineBytes: number
    /** The directives above `offset` that say what the fields are (IIS, Zeek). */
    readonly header: string | undefined
  }) {
    this.key = file.key
    this.generation = file.generation
    this.path = file.path
    this.handle = file.handle
    this.offset = file.offset
    this.before = file.guard
    this.guard = file.guard
    this.maxLineBytes = file.maxLineBytes
    this.memory = file.header === undefined ? {} : { header: file.header }
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
    if (bytesRead === this.guard.length) return this.nothingNew()
    this.heldReads = 0
    const fresh = this.buffer.subarray(this.guard.length, bytesRead)
    const lines = this.take(fresh)
    this.guard = Buffer.from(lastOf(this.buffer.subarray(0, bytesRead)))
    return lines
  }

  /** What stands at the end without a line feed, and what was held back, once nothing more will come. */
  rest(): Lines | undefined {
    const begin = this.offset
    const records: RawRecord[] = []
    const { skipping } = this
    if (skipping !== undefined) {
      records.push(tooLong(this.id(0), skipping.kept, skipping.seen, this.maxLineBytes, this.path))
      this.skipping = undefined
      this.offset += skipping.seen
      this.before = this.guard
    } else if (this.pending.length > 0) this.advance(records, this.split(this.pending, true), this.pending.length, true)
    else return undefined
    return this.lines(records, begin)
  }

  async close(): Promise<void> {
    await this.handle.close()
  }

  /** Whoever writes a record of several lines writes them together: what is held back leaves after a while. */
  private nothingNew(): ReadResult {
    if (this.skipping !== undefined || this.pending.indexOf(LF) < 0 || ++this.heldReads < QUIET_READS) return 'end'
    const begin = this.offset
    const records: RawRecord[] = []
    this.advance(records, this.split(this.pending, false), this.pending.lastIndexOf(LF) + 1, true)
    return records.length === 0 ? 'end' : this.lines(records, begin)
  }

  private take(fresh: Buffer): Lines | 'more' {
    const begin = this.offset
    const records: RawRecord[] = []
    let rest = fresh
    if (this.skipping !== undefined) {
      const end = fresh.indexOf(LF)
      if (end < 0) {
        this.skipping.seen += fresh.length
        return 'more'
      }
      const length = this.skipping.seen + end
      records.push(tooLong(this.id(0), this.skipping.kept, length, this.maxLineBytes, this.path))
      this.skipping = undefined
      this.offset += length + 1
      this.before = Buffer.from(lastOf(Buffer.concat([this.guard, fresh.subarray(0, end + 1)])))
      rest = fresh.subarray(end + 1)
    }
    // Copied: `fresh` lies in the buffer that the next read overwrites.
    this.pending = this.pending.length === 0 ? Buffer.from(rest) : Buffer.concat([this.pending, rest])
    const whole = this.pending.lastIndexOf(LF) + 1
    const endless = this.pending.length - whole > this.maxLineBytes
    this.advance(records, this.split(this.pending, false), whole, endless || whole > MAX_HELD_BYTES)
    if (endless) {
      this.skipping = { kept: Buffer.from(this.pending.subarray(0, KEPT_OF_LONG_LINE)), seen: this.pending.length }
      this.pending = Buffer.alloc(0)
    }
    return records.length === 0 ? 'more' : this.lines(records, begin)
  }

  /** Lets lines leave, and moves on to the first that stays. @param whole where the last of them ends in `pending`. */
  private advance(records: RawRecord[], lines: readonly PlacedLine[], whole: number, final: boolean): void {
    const joined = joinLines(
      lines.map(({ record }) => record),
      this.memory,
      final,
    )
    records.push(...joined.records)
    const upTo = lines[joined.taken]?.start ?? whole
    const left = this.pending.subarray(0, upTo)
    this.before = left.length >= CHECK_BYTES ? Buffer.from(lastOf(left)) : Buffer.from(lastOf(Buffer.concat([this.before, left])))
    this.pending = this.pending.subarray(upTo)
    this.offset += upTo
  }

  private lines(records: readonly RawRecord[], begin: number): Lines {
    const { header } = this.memory
    const position = { offset: this.offset, ...checkOf(this.before), ...(header === undefined ? {} : { header }) }
    return { records, bytes: this.offset - begin, position }
  }

  /** The lines that end in these bytes, empty ones left out. @param all also one that lacks its line feed. */
  private split(bytes: Buffer, all: boolean): PlacedLine[] {
    const lines: PlacedLine[] = []
    let start = 0
    for (;;) {
      const feed = bytes.indexOf(LF, start)
      if (feed < 0 && (!all || start >= bytes.length)) return lines
      const end = feed < 0 ? bytes.length : feed
      const text = withoutReturn(bytes.subarray(start, end))
      if (text.length > 0) lines.push({ record: lineRecord(this.id(start), text, this.maxLineBytes, this.path), start })
      start = end + 1
    }
  }

  private id(start: number): string {
    return `file:${this.generation}:${this.offset + start}`
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line
}

function lastOf(bytes: Buffer): Buffer {
  return bytes.subarray(Math.max(0, bytes.length - CHECK_BYTES))
}
