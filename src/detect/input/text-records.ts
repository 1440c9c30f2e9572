import type { ParseContext, RawRecord } from '../../kernel/event.ts'
import type { Parser } from '../../kernel/plugin.ts'
import type { RecordSink } from './record.ts'

/** What reads log lines; the caller wires it in, for a room does not import another. */
export interface LineParsers {
  /** In the order in which they are asked. */
  readonly parsers: readonly Parser[]
  /**
   * Joins lines that are one record; those after `taken` wait for what comes next. `memory` is the joiner's own, one object for a file.
   * Without it each line is a record.
   */
  readonly join?: (
    lines: readonly RawRecord[],
    memory: { header?: string },
    final: boolean,
  ) => { readonly records: readonly RawRecord[]; readonly taken: number }
}

/** Lines that are looked at together. */
const TOGETHER = 512

/**
 * Reads log lines with the parsers that the caller wires in. The parser that took the last line is asked first: files hold one
 * format, mostly.
 */
export class TextRecords {
  readonly #sink: RecordSink
  readonly #read: LineParsers
  readonly #context: ParseContext
  readonly #file: string
  readonly #memory: { header?: string } = {}
  #waiting: RawRecord[] = []
  #next = TOGETHER
  #last: Parser | undefined
  #line: number
  #record: number

  constructor(file: string, read: LineParsers, sink: RecordSink, now: number, line = 0, record = 0) {
    this.#file = file
    this.#read = read
    this.#sink = sink
    this.#context = { received: now, zoneMinutes: 0, prefer: [] }
    this.#line = line
    this.#record = record
  }

  line(text: string): void {
    this.#line += 1
    if (text.trim() === '') return
    this.#waiting.push({ id: String(this.#line), text, origin: this.#file })
    if (this.#waiting.length >= this.#next) this.#take(false)
  }

  tooLong(): void {
    this.#take(true)
    this.#line += 1
    this.#record += 1
    this.#sink.unreadable(this.#line, 'the line is too long')
  }

  end(): { readonly lines: number; readonly records: number } {
    this.#take(true)
    return { lines: this.#line, records: this.#record }
  }

  #take(final: boolean): void {
    const lines = this.#waiting
    const { records, taken } = this.#read.join?.(lines, this.#memory, final) ?? { records: lines, taken: lines.length }
    this.#waiting = lines.slice(taken)
    this.#next = this.#waiting.length + TOGETHER
    for (const record of records) this.#parse(record)
  }

  #parse(raw: RawRecord): void {
    let reason = 'no parser knows this format of log line'
    for (const parser of this.#inOrder()) {
      if (!parser.accepts(raw)) continue
      const parsed = parser.parse(raw, this.#context)
      if ('unknown' in parsed) {
        reason = parsed.unknown
        continue
      }
      this.#last = parser
      for (const event of parsed) {
        this.#record += 1
        this.#sink.record(event.ecs, this.#record)
      }
      return
    }
    this.#record += 1
    this.#sink.unreadable(Number(raw.id), reason)
  }

  #inOrder(): readonly Parser[] {
    const last = this.#last
    const { parsers } = this.#read
    return last === undefined ? parsers : [last, ...parsers.filter((parser) => parser !== last)]
  }
}
