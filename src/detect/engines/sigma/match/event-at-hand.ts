import type { JsonObject } from '../../../../kernel/json.ts'
import type { JsonScan } from '../../../scan/json-scan.ts'

const NOTHING: JsonObject = {}

/**
 * The event that is matched: a document, or JSON text that was scanned, which is parsed whole only if something asks for the document.
 * A stamp that grows with each event makes memos stale without clearing them.
 */
export class EventAtHand {
  stamp = 0
  /** Undefined when the event came as a document. */
  scan: JsonScan | undefined
  #doc = NOTHING

  get doc(): JsonObject {
    return this.scan === undefined ? this.#doc : this.scan.doc()
  }

  begin(doc: JsonObject): void {
    this.stamp += 1
    this.#doc = doc
    this.scan = undefined
  }

  beginScan(scan: JsonScan): void {
    this.stamp += 1
    this.#doc = NOTHING
    this.scan = scan
  }
}
