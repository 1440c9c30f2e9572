import type { JsonObject } from '../../kernel/json.ts'
import type { JsonScan } from '../scan/json-scan.ts'

/** A record or file that could not be read: counted and shown, never skipped in silence. `line` is 1-based; absent for the file as a whole. */
export interface Unreadable {
  readonly file: string
  readonly line?: number
  readonly reason: string
}

/** Takes what a reader finds, in the file's order. `record` is 1-based among the file's records, unreadable ones included. */
export interface RecordSink {
  record(doc: JsonObject, record: number): void
  /** For a sink that can do without the document: a record that stands on a line by itself is in `scan` during `take`. */
  readonly scanned?: { readonly scan: JsonScan; take(record: number): void }
  /** `line`: undefined where the file has none; the reason then says where. */
  unreadable(line: number | undefined, reason: string): void
}
