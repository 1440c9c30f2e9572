import type { JsonObject } from '../../kernel/json.ts'

/** A record or file that could not be read: counted and shown, never skipped in silence. `line` is 1-based; absent for the file as a whole. */
export interface Unreadable {
  readonly file: string
  readonly line?: number
  readonly reason: string
}

/** Takes what a reader finds, in the file's order. `record` is 1-based among the file's records, unreadable ones included. */
export interface RecordSink {
  record(doc: JsonObject, record: number): void
  unreadable(line: number, reason: string): void
}
