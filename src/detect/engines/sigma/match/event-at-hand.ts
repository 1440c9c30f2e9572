import type { JsonObject } from '../../../../kernel/json.ts'
import type { JsonScan } from '../../../scan/json-scan.ts'

const NOTHING: JsonObject = {}

/**
 * The event that is matched: a document, JSON text that was scanned, which is parsed whole only if something asks for the document, or both.
 * A stamp that grows with each event makes memos stale without clearing them.
 */
export class EventAtHand {
  stamp = 0
  /** Undefined when the event came as a document alone. */
  scan: JsonScan | undefined
  /** A document is there: what must be read as a value is better read from it than from its text. */
  isDocument = true
  #doc = NOTHING

  get doc(): JsonObject {
    return this.isDocument ? this.#doc : this.scan!.doc()
  }

  /** @param scan one that has read the document's text. */
  begin(doc: JsonObject, scan?: JsonScan): void {
    this.stamp += 1
    this.#doc = doc
    this.isDocument = true
    this.scan = scan
  }

  beginScan(scan: JsonScan): void {
    this.stamp += 1
    this.#doc = NOTHING
    this.isDocument = false
    this.scan = scan
  }
}
