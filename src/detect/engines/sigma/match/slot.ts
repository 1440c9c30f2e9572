import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { fold } from '../../../../platform/text/fold.ts'
import { ESCAPED, type JsonScan } from '../../../scan/json-scan.ts'
import type { FieldPlace } from '../shapes/event-class.ts'
import type { EventAtHand } from './event-at-hand.ts'
import { textsOf } from './field-values.ts'
import { type FieldReader, fieldReader } from './read-field.ts'
import { ABSENT, IN_DOCUMENT, ScanReader } from './scan-reader.ts'

export const MISSING = 0
export const EMPTY = 1
export const ONE = 2
export const MANY = 3

/**
 * A field of the event at hand. It is read at most once an event, folded at most once, and only when a test asks.
 * `EMPTY` is null, an empty array or an array of nulls: the key is there, a value is not.
 */
export class Slot {
  readonly #places: readonly FieldPlace[]
  readonly #read: FieldReader
  #scanReader: ScanReader | undefined
  #stamp = 0
  #scannedStamp = 0
  #path = ABSENT
  #folded: string | undefined
  state: typeof MISSING | typeof EMPTY | typeof ONE | typeof MANY = MISSING
  /** The value, when there is ONE. */
  text = ''
  /** The values, when there are MANY. */
  texts: readonly string[] = []

  constructor(places: readonly FieldPlace[]) {
    this.#places = places
    this.#read = fieldReader(places)
  }

  /** The values in another event than the one at hand. */
  textsIn(doc: JsonObject): readonly string[] {
    const value = this.#read(doc)
    return typeof value === 'function' ? [] : textsOf(value)
  }

  /** Where a scanned event holds the value. */
  inScan(scan: JsonScan): ScanReader {
    this.#scanReader ??= new ScanReader(scan, this.#places)
    return this.#scanReader
  }

  /** The path where a scanned event holds the value as PLAIN or ESCAPED text; ABSENT where the field is missing; else IN_DOCUMENT: `load` tells. */
  pathIn(event: EventAtHand, scan: JsonScan): number {
    if (this.#scannedStamp !== event.stamp) {
      this.#scannedStamp = event.stamp
      const path = this.inScan(scan).locate()
      this.#path = path >= 0 && scan.kind(path) > ESCAPED ? IN_DOCUMENT : path
    }
    return this.#path
  }

  load(event: EventAtHand): void {
    if (this.#stamp === event.stamp) return
    this.#stamp = event.stamp
    this.#folded = undefined
    this.#take(event.isDocument ? this.#read(event.doc) : this.inScan(event.scan!).read())
  }

  #take(value: JsonValue | undefined): void {
    if (typeof value === 'string') {
      this.state = ONE
      this.text = value
    } else if (value === undefined || typeof value === 'function') this.state = MISSING
    else if (typeof value === 'number' || typeof value === 'boolean') {
      this.state = ONE
      this.text = String(value)
    } else this.#loadStructure(value)
  }

  #loadStructure(value: JsonValue): void {
    this.texts = textsOf(value)
    this.state = this.texts.length === 0 ? EMPTY : this.texts.length === 1 ? ONE : MANY
    if (this.state === ONE) this.text = this.texts[0]!
  }

  /** The ONE value folded; bound, so that it can be handed on. */
  readonly folded = (): string => {
    this.#folded ??= fold(this.text)
    return this.#folded
  }

  /** All values, whatever the state. */
  all(): readonly string[] {
    if (this.state === MANY) return this.texts
    return this.state === ONE ? [this.text] : []
  }
}
