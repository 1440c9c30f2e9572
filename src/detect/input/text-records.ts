import type { ParseContext } from '../../kernel/event.ts'
import type { Parser } from '../../kernel/plugin.ts'
import type { RecordSink } from './record.ts'

/**
 * Reads log lines with the parsers that the caller wires in (a room does not import another). The parser that took the last line
 * is asked first: files hold one format, mostly.
 */
export class TextRecords {
  readonly #sink: RecordSink
  readonly #parsers: readonly Parser[]
  readonly #context: ParseContext
  readonly #file: string
  #last: Parser | undefined
  #line: number
  #record: number

  constructor(file: string, parsers: readonly Parser[], sink: RecordSink, now: number, line = 0, record = 0) {
    this.#file = file
    this.#parsers = parsers
    this.#sink = sink
    this.#context = { received: now, zoneMinutes: 0, prefer: [] }
    this.#line = line
    this.#record = record
  }

  line(text: string): void {
    this.#line += 1
    if (text.trim() === '') return
    const raw = { id: `${this.#file}:${this.#line}`, text, origin: this.#file }
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
    this.#sink.unreadable(this.#line, reason)
  }

  tooLong(): void {
    this.#line += 1
    this.#record += 1
    this.#sink.unreadable(this.#line, 'the line is too long')
  }

  end(): { readonly lines: number; readonly records: number } {
    return { lines: this.#line, records: this.#record }
  }

  #inOrder(): readonly Parser[] {
    const last = this.#last
    return last === undefined ? this.#parsers : [last, ...this.#parsers.filter((parser) => parser !== last)]
  }
}
