import type { JsonObject } from '../../kernel/json.ts'
import { type EvtxFinding, EvtxReader } from '../../platform/evtx/evtx-reader.ts'
import type { RecordSink } from './record.ts'

/** Reads a Windows event log. A broken record counts as one; a broken chunk does not, because nobody knows how many it was. */
export class EvtxRecords {
  readonly #sink: RecordSink
  readonly #reader: EvtxReader
  #record = 0
  #read = 0
  /** What is wrong with the file's header: told beside what could be read, or as the reason why nothing could. */
  #header: string | undefined
  #faults = 0

  /** `from` and `live`: as the reader takes them, for a part of a file. */
  constructor(sink: RecordSink, from = 0, live = false) {
    this.#sink = sink
    this.#reader = new EvtxReader({ record: (event) => this.#event(event), fault: (finding) => this.#fault(finding) }, from, live)
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes)
  }

  /** Why no record could be read, though some should have been. */
  get failure(): string | undefined {
    if (this.#read > 0 || this.#faults === 0) return undefined
    return `no record of this Windows event log (EVTX) can be read${this.#header === undefined ? '' : `: ${this.#header}`}.`
  }

  end(): { readonly lines: number; readonly records: number } {
    this.#reader.end()
    if (this.#header !== undefined && this.#read > 0) this.#sink.unreadable(undefined, `the file's header: ${this.#header}`)
    return { lines: 0, records: this.#record }
  }

  #event(event: JsonObject): void {
    this.#record += 1
    this.#read += 1
    this.#sink.record(event, this.#record)
  }

  #fault({ what, offset, reason }: EvtxFinding): void {
    this.#faults += 1
    if (what === 'file') {
      this.#header = reason
      return
    }
    if (what === 'record') this.#record += 1
    this.#sink.unreadable(undefined, `the ${what} at byte ${offset}: ${reason}`)
  }
}
