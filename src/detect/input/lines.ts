/** A longer record is counted as unreadable instead of being held in memory. */
export const LONGEST_RECORD = 64 * 1024 * 1024

export interface LineSink {
  /** A line without its end (LF or CRLF), decoded. */
  line(text: string): void
  /** Takes a line as bytes, which are only valid during the call; false when it wants the text. */
  bytes?(block: Buffer, start: number, end: number): boolean
  /** Takes the line that begins at `start` without being told where it ends, and says so; -1 when it wants to be told. */
  lineFrom?(block: Buffer, start: number): number
  /** A line beyond LONGEST_RECORD, dropped. */
  tooLong(): void
}

/**
 * Splits chunks of UTF-8 into lines; invalid bytes become U+FFFD. Each line is a text of its own: slices of one large text would go
 * faster into JSON.parse, but large texts are only collected with the whole heap.
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
      if (this.#sink.bytes?.(whole, 0, whole.length) !== true) this.#sink.line(withoutReturn(whole.toString('utf8')))
    }
    this.#rest = []
    this.#restLength = 0
    this.#dropping = false
  }

  /** `block` holds whole lines, without the last line's end. */
  #emitLines(block: Buffer): void {
    const sink = this.#sink
    for (let from = 0; from <= block.length; ) {
      const taken = sink.lineFrom?.(block, from) ?? -1
      if (taken >= 0) {
        from = taken + 1
        continue
      }
      const end = block.indexOf(10, from)
      const to = end < 0 ? block.length : end
      if (sink.bytes?.(block, from, to) !== true) sink.line(withoutReturn(block.toString('utf8', from, to)))
      from = to + 1
    }
  }
}

function withoutReturn(line: string): string {
  return line.charCodeAt(line.length - 1) === 13 ? line.slice(0, -1) : line
}
