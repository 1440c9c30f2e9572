import { isJsonObject, type JsonValue } from '../../kernel/json.ts'
import { DocumentScanner, type ScannedValue } from './documents.ts'
import { LONGEST_RECORD } from './lines.ts'
import type { RecordSink } from './record.ts'

/**
 * Reads JSON, line by line as long as each line is a value, as a stream of documents from the first line on that only begins one
 * (pretty-printed, concatenated, arrays over several lines).
 */
export class JsonRecords {
  readonly #sink: RecordSink
  #line: number
  #record: number
  #scanner: DocumentScanner | undefined

  /** `line` and `record` are what stands before: a part of a file goes on counting. */
  constructor(sink: RecordSink, line = 0, record = 0) {
    this.#sink = sink
    this.#line = line
    this.#record = record
  }

  line(text: string): void {
    this.#line += 1
    if (this.#scanner !== undefined) this.#scanner.push(text)
    else if (text.length > 0) this.#readLine(text)
  }

  /** A line that is one object is scanned where it stands, for a sink that takes it so. */
  bytes(block: Buffer, start: number, end: number): boolean {
    const { scanned } = this.#sink
    if (scanned === undefined || this.#scanner !== undefined || !scanned.scan.read(block, start, end)) return false
    this.#line += 1
    this.#record += 1
    scanned.take(this.#record)
    return true
  }

  /** The same, of the line that begins there. */
  lineFrom(block: Buffer, start: number): number {
    const { scanned } = this.#sink
    if (scanned === undefined || this.#scanner !== undefined) return -1
    const end = scanned.scan.readLine(block, start)
    if (end < 0) return -1
    this.#line += 1
    this.#record += 1
    scanned.take(this.#record)
    return end
  }

  tooLong(): void {
    this.#line += 1
    this.#fault(this.#line, `the record is longer than ${LONGEST_RECORD / 1024 / 1024} MiB`)
  }

  end(): { readonly lines: number; readonly records: number } {
    this.#scanner?.end()
    return { lines: this.#line, records: this.#record }
  }

  #readLine(text: string): void {
    let value: JsonValue
    try {
      value = JSON.parse(text) as JsonValue
    } catch (error) {
      this.#readDifficultLine(text, error as Error)
      return
    }
    if (isJsonObject(value)) {
      this.#record += 1
      this.#sink.record(value, this.#record)
    } else this.#take(value, this.#line)
  }

  #readDifficultLine(text: string, error: Error): void {
    const trimmed = text.trim()
    if (trimmed === '') return
    if (looksLikeTheBeginning(trimmed)) {
      this.#scanner = new DocumentScanner((value) => this.#scanned(value), LONGEST_RECORD, this.#line)
      this.#scanner.push(text)
      return
    }
    const values: ScannedValue[] = []
    const scanner = new DocumentScanner((value) => values.push(value), LONGEST_RECORD, this.#line)
    scanner.push(text)
    scanner.end()
    const parsed = values.map((value) => (value.complete ? parsedOrUndefined(value.text) : undefined))
    if (values.length < 2 || parsed.includes(undefined)) this.#fault(this.#line, `not valid JSON: ${error.message}`)
    else for (const value of parsed) this.#take(value!, this.#line)
  }

  #scanned({ text, line, complete }: ScannedValue): void {
    if (!complete) {
      this.#fault(line, 'the JSON document that begins here is not complete')
      return
    }
    let value: JsonValue
    try {
      value = JSON.parse(text) as JsonValue
    } catch (error) {
      this.#fault(line, `not valid JSON: ${(error as Error).message}`)
      return
    }
    this.#take(value, line)
  }

  #take(value: JsonValue, line: number): void {
    if (Array.isArray(value)) {
      for (const element of value as readonly JsonValue[]) this.#takeOne(element, line)
    } else this.#takeOne(value, line)
  }

  #takeOne(value: JsonValue, line: number): void {
    if (!isJsonObject(value)) {
      this.#fault(line, 'the record is not a JSON object')
      return
    }
    this.#record += 1
    this.#sink.record(value, this.#record)
  }

  #fault(line: number, reason: string): void {
    this.#record += 1
    this.#sink.unreadable(line, reason)
  }
}

function parsedOrUndefined(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

/** A line that opens a document and leaves it open on purpose, as printers break lines: not one that was cut off. */
function looksLikeTheBeginning(line: string): boolean {
  return /^[[{]/.test(line) && /[[{,:]$/.test(line)
}
