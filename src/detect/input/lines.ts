import { isAscii } from 'node:buffer'

/** A longer record is counted as unreadable instead of being held in memory. */
export const LONGEST_RECORD = 64 * 1024 * 1024

export interface LineSink {
  /** A line without its end (LF or CRLF), decoded. */
  line(text: string): void
  /** A line beyond LONGEST_RECORD, dropped. */
  tooLong(): void
}

/**
 * Splits chunks of UTF-8 into lines. A chunk that is ASCII throughout is decoded once and its lines are slices of that text;
 * others are decoded line by line (invalid bytes become U+FFFD).
 */
export class LineSplitter {
  readonly #sink: LineSink
  #rest: Buffer[] = []
  #restLength = 0
  #dropping = false

  constructor(sink: LineSink) {
    this.#sink = sink
  }

  push(chunk: Buffer): void {
    let start = 0
    const first = chunk.indexOf(10)
    if (first < 0) {
      this.#keep(chunk)
      return
    }
    if (this.#restLength > 0 || this.#dropping) {
      this.#keep(chunk.subarray(0, first))
      this.#finishRest()
      start = first + 1
    }
    const last = chunk.lastIndexOf(10)
    if (last >= start) this.#emitLines(chunk.subarray(start, last))
    if (last + 1 < chunk.length) this.#keep(chunk.subarray(last + 1))
  }

  end(): void {
    if (this.#restLength > 0 || this.#dropping) this.#finishRest()
  }

  #keep(part: Buffer): void {
    if (this.#dropping) return
    this.#rest.push(Buffer.from(part))
    this.#restLength += part.length
    if (this.#restLength <= LONGEST_RECORD) return
    this.#dropping = true
    this.#rest = []
  }

  #finishRest(): void {
    if (this.#dropping) this.#sink.tooLong()
    else {
      const whole = this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest)
      this.#sink.line(withoutReturn(whole.toString('utf8')))
    }
    this.#rest = []
    this.#restLength = 0
    this.#dropping = false
  }

  /** `block` holds whole lines, without the last line's end. */
  #emitLines(block: Buffer): void {
    const sink = this.#sink
    if (!isAscii(block)) {
      for (let from = 0; from <= block.length; ) {
        const end = block.indexOf(10, from)
        const to = end < 0 ? block.length : end
        sink.line(withoutReturn(block.toString('utf8', from, to)))
        from = to + 1
      }
      return
    }
    const text = block.toString('latin1')
    for (let from = 0; from <= text.length; ) {
      const end = text.indexOf('\n', from)
      const to = end < 0 ? text.length : end
      sink.line(withoutReturn(text.slice(from, to)))
      from = to + 1
    }
  }
}

function withoutReturn(line: string): string {
  return line.charCodeAt(line.length - 1) === 13 ? line.slice(0, -1) : line
}
