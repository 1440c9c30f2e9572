import type { JsonValue } from '../../../../kernel/json.ts'
import { type JsonScan, NOTHING, OBJECT, UNREADABLE } from '../../../scan/json-scan.ts'
import type { ScannedPlace } from '../../../scan/scan-literals.ts'
import type { FieldPlace } from '../shapes/event-class.ts'
import { readPlace } from './read-field.ts'

/** The field is missing. */
export const ABSENT = -1
/** Only the document tells. */
export const IN_DOCUMENT = -2

/** What a scan says about a place (as scan/literal-code.ts knows it, too). A place with `*` is scanned up to there. */
const IS_VALUE = 0
/** A scalar is the value, a structure is converted. */
const IS_VALUE_IF_SCALAR = 1
const IS_CONVERTED = 2

/** Reads a field from a scanned text: the first place that holds anything, null included, as `fieldReader` does from a document. */
export class ScanReader {
  readonly #scan: JsonScan
  readonly #places: readonly FieldPlace[]
  /** By place; undefined when a path cannot be scanned. */
  readonly #paths: readonly number[] | undefined
  readonly #means: readonly number[]

  constructor(scan: JsonScan, places: readonly FieldPlace[]) {
    this.#scan = scan
    this.#places = places
    // The whole document is entered nowhere: a field that is read from it must be asked of the document.
    const paths = places.map(({ keys }) => {
      const scanned = keys.includes('*') ? keys.slice(0, keys.indexOf('*')) : keys
      return scanned.length === 0 ? undefined : scan.path(scanned)
    })
    this.#paths = paths.every((path) => path !== undefined) ? paths : undefined
    this.#means = places.map(({ keys, convert, keepsScalars }) => {
      if (keys.includes('*')) return IS_CONVERTED
      return convert === undefined ? IS_VALUE : keepsScalars === true ? IS_VALUE_IF_SCALAR : IS_CONVERTED
    })
  }

  /** The places for a program of the scan; undefined when some cannot be scanned. */
  get places(): readonly ScannedPlace[] | undefined {
    return this.#paths?.map((path, at) => [path, this.#means[at]!])
  }

  /** The path where the field's value stands as it is, ABSENT or IN_DOCUMENT. */
  locate(): number {
    const paths = this.#paths
    if (paths === undefined) return IN_DOCUMENT
    const scan = this.#scan
    for (let at = 0; at < paths.length; at += 1) {
      const path = paths[at]!
      const kind = scan.kind(path)
      if (kind === NOTHING) continue
      if (kind === UNREADABLE) return IN_DOCUMENT
      const means = this.#means[at]!
      return means === IS_VALUE || (means === IS_VALUE_IF_SCALAR && kind < OBJECT) ? path : IN_DOCUMENT
    }
    return ABSENT
  }

  /** The value, from the document where need be. */
  read(): JsonValue | undefined {
    const path = this.locate()
    if (path === ABSENT) return undefined
    if (path !== IN_DOCUMENT) return this.#scan.value(path)
    const doc = this.#scan.doc()
    for (const place of this.#places) {
      const value = readPlace(doc, place)
      if (value !== undefined) return value
    }
    return undefined
  }
}
