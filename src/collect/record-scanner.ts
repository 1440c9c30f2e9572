import { responseHead } from './search-response.ts'

const LF = 0x0a
const TAB = 0x09
const CR = 0x0d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = 0x7b
const CLOSE = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d

const KEPT_OF_TOO_LONG = 8192
/** More tabs than this are no indentation. */
const MAX_INDENT = 1024

/** One record of a file, as bytes. `length` is its whole length; more than `bytes.length` where it is too long to keep. */
export interface Piece {
  readonly kind: 'document' | 'line'
  readonly bytes: Buffer
  readonly length: number
  /** Why a document is not whole. */
  readonly broken?: string
  /** This is no record: what is wrong with the response of a search around its hits. */
  readonly fault?: string
}

/**
 * Finds the records of a file by looking, however it is written: JSON lines, one document, several (pretty-printed or
 * not), an array of documents, lines of text, or these mixed. Holds at most `maxBytes` of a record. Of a response of
 * Elasticsearch's `_search` the hits are the records, however many it has.
 *
 * What begins with `{` is a document until its braces close. A line feed inside a string, or a line that begins with `{"`
 * inside a document that itself began with `{"`, shows that the document is broken; reading resumes there, so that one
 * broken line costs no other.
 */
export class RecordScanner {
  private readonly maxBytes: number
  private readonly responses: boolean
  private mode: 'between' | 'document' | 'list' | 'line' | 'head' | 'tail' = 'between'
  private buffer: Buffer = Buffer.alloc(0)
  /** Start of the current piece, and how far it was looked at: indexes of `buffer`. */
  private begin = 0
  private at = 0
  /** Where the line that is looked at begins with a tab. */
  private indent: number | undefined
  private depth = 0
  private inString = false
  /** A backslash stands before this byte, in the tail of a response. */
  private skipped = false
  private inList = false
  /** Objects that are open around the list of a response; 0 where none is. */
  private around = 0
  private compact = false
  /** What is kept of a piece that is too long, and how much of it was let go. */
  private kept: Buffer | undefined
  private gone = 0
  private pieces: Piece[] = []

  /** @param responses whether a response of a search is looked into. */
  constructor(maxBytes: number, responses = false) {
    this.maxBytes = maxBytes
    this.responses = responses
  }

  push(chunk: Buffer): Piece[] {
    this.buffer = this.begin === this.buffer.length ? chunk : Buffer.concat([this.buffer.subarray(this.begin), chunk])
    this.at -= this.begin
    if (this.indent !== undefined) this.indent -= this.begin
    this.begin = 0
    while (this.at < this.buffer.length && this.step(false));
    if (this.indent !== undefined && this.at - this.indent > MAX_INDENT) this.indent = undefined
    if (this.mode === 'between' || this.mode === 'tail') this.begin = this.indent ?? this.at
    else if (this.mode !== 'head' && this.at - this.begin > this.maxBytes) this.letGo()
    return this.taken()
  }

  end(): Piece[] {
    while (this.at < this.buffer.length && this.step(true));
    if (this.mode === 'document') this.finish(this.at, 'the file ends inside the document')
    else if (this.mode !== 'between' && this.mode !== 'tail') this.finish(this.at)
    if (this.around > 0) this.tell('', 'the file ends inside the response of a search')
    return this.taken()
  }

  /** Looks on. Returns false when it must see more bytes first. */
  private step(last: boolean): boolean {
    switch (this.mode) {
      case 'between':
        this.between()
        return true
      case 'list':
        return this.list()
      case 'line':
        return this.line()
      case 'document':
        return this.document(last)
      case 'head':
        return this.head(last)
      case 'tail':
        return this.tail()
    }
  }

  private between(): void {
    const byte = this.buffer[this.at]!
    if (byte === TAB && this.indent === undefined && (this.at === 0 || this.buffer[this.at - 1] === LF)) this.indent = this.at
    if (byte === LF) this.indent = undefined
    if (isSpace(byte) || (this.inList && byte === COMMA)) this.at++
    else if (this.inList && byte === CLOSE_LIST) {
      this.inList = false
      this.at++
      if (this.around > 0) this.mode = 'tail'
    } else {
      this.begin = this.at
      if (byte === OPEN && this.responses && !this.inList) this.mode = 'head'
      else if (byte === OPEN) this.startDocument()
      else {
        // A tab says that a line goes on with the one before it.
        if (this.indent !== undefined) this.begin = this.indent
        this.mode = byte === OPEN_LIST && !this.inList && this.begin === this.at ? 'list' : 'line'
      }
      this.indent = undefined
    }
  }

  /** After a `[`: a list of documents if a `{` or the `]` follows, else a line of text that begins so. */
  private list(): boolean {
    for (let at = Math.max(this.at, this.begin + 1); at < this.buffer.length; at++) {
      const byte = this.buffer[at]!
      if (isSpace(byte)) continue
      if (byte !== OPEN && byte !== CLOSE_LIST) {
        // From its beginning: the line may have ended before this byte.
        this.mode = 'line'
        this.at = this.begin
        return true
      }
      this.inList = true
      this.mode = 'between'
      this.at = at
      return true
    }
    this.at = this.buffer.length
    return false
  }

  private line(): boolean {
    const end = this.buffer.indexOf(LF, this.at)
    this.at = end < 0 ? this.buffer.length : end
    if (end >= 0) this.finish(end)
    return end >= 0
  }

  /** Whether a document is the response of a search: then what is in its list are the records. */
  private head(last: boolean): boolean {
    const head = responseHead(this.buffer, this.begin)
    if (head === 'more' && !last) {
      this.at = this.buffer.length
      return false
    }
    this.at = this.begin
    if (typeof head === 'string') {
      this.startDocument()
      return true
    }
    if (head.partial !== undefined) this.tell(this.buffer.toString('utf8', this.begin, head.inside), head.partial)
    this.around = head.depth
    this.inList = true
    this.inString = false
    this.mode = 'between'
    this.at = head.inside
    this.begin = head.inside
    return true
  }

  /** What stands in a response after its hits, to the end of it. */
  private tail(): boolean {
    for (; this.at < this.buffer.length; this.at++) {
      const byte = this.buffer[this.at]!
      if (this.inString) {
        if (byte === BACKSLASH) this.skipped = !this.skipped
        else {
          if (byte === QUOTE && !this.skipped) this.inString = false
          this.skipped = false
        }
      } else if (byte === QUOTE) this.inString = true
      else if (byte === OPEN || byte === OPEN_LIST) this.around++
      else if ((byte === CLOSE || byte === CLOSE_LIST) && --this.around === 0) {
        this.mode = 'between'
        this.at++
        this.begin = this.at
        return true
      }
    }
    this.begin = this.at
    return false
  }

  /** Says what is wrong with a response, beside its hits. */
  private tell(text: string, fault: string): void {
    const bytes = Buffer.from(text.slice(0, KEPT_OF_TOO_LONG))
    this.pieces.push({ kind: 'document', bytes, length: bytes.length, fault })
  }

  private startDocument(): void {
    this.mode = 'document'
    this.depth = 0
    this.inString = false
    this.compact = false
  }

  private document(last: boolean): boolean {
    const { buffer } = this
    let at = this.at
    for (; at < buffer.length; at++) {
      const byte = buffer[at]!
      if (this.inString) {
        if (byte === QUOTE) this.inString = false
        else if (byte === BACKSLASH) {
          if (at + 1 >= buffer.length && !last) break
          at++
        } else if (byte === LF) return this.breakAt(at, 'a line feed inside a string')
      } else if (byte === QUOTE) {
        if (this.depth === 1 && at === this.begin + 1 && this.kept === undefined) this.compact = true
        this.inString = true
      } else if (byte === OPEN || byte === OPEN_LIST) {
        if (byte === OPEN && this.compact && buffer[at - 1] === LF) {
          if (at + 1 >= buffer.length && !last) break
          if (buffer[at + 1] === QUOTE) return this.breakAt(at, 'another document begins before its end')
        }
        this.depth++
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        if (--this.depth <= 0) {
          this.finish(at + 1)
          return true
        }
      }
    }
    this.at = Math.min(at, buffer.length)
    return false
  }

  private breakAt(at: number, reason: string): true {
    this.finish(at, reason)
    return true
  }

  private finish(end: number, broken?: string): void {
    const bytes = this.kept ?? this.buffer.subarray(this.begin, withoutReturn(this.buffer, this.begin, end))
    const length = this.kept === undefined ? bytes.length : this.gone + (end - this.begin)
    const kind = this.mode === 'document' ? 'document' : 'line'
    this.pieces.push(broken === undefined ? { kind, bytes, length } : { kind, bytes, length, broken })
    this.mode = 'between'
    this.kept = undefined
    this.gone = 0
    this.begin = end
    this.at = end
  }

  private letGo(): void {
    // The last byte stays: whether a document begins anew is seen by the line feed before it.
    const until = this.at - 1
    this.kept ??= Buffer.from(this.buffer.subarray(this.begin, this.begin + KEPT_OF_TOO_LONG))
    this.gone += until - this.begin
    this.begin = until
  }

  private taken(): Piece[] {
    const { pieces } = this
    this.pieces = []
    return pieces
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === LF || byte === CR || byte === 0x09
}

function withoutReturn(buffer: Buffer, begin: number, end: number): number {
  let at = end
  while (at > begin && (buffer[at - 1] === CR || buffer[at - 1] === LF)) at--
  return at
}
