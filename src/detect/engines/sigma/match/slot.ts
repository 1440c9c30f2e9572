import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { textsOf } from './field-values.ts'
import { fold } from './fold.ts'
import type { FieldReader } from './read-field.ts'

export const MISSING = 0
export const EMPTY = 1
export const ONE = 2
export const MANY = 3

/**
 * A field of the event at hand. It is read at most once an event, folded at most once, and only when a test asks.
 * `EMPTY` is null, an empty array or an array of nulls: the key is there, a value is not.
 */
export class Slot {
  readonly #read: FieldReader
  #stamp = 0
  #folded: string | undefined
  state: typeof MISSING | typeof EMPTY | typeof ONE | typeof MANY = MISSING
  /** The value, when there is ONE. */
  text = ''
  /** The values, when there are MANY. */
  texts: readonly string[] = []

  constructor(read: FieldReader) {
    this.#read = read
  }

  /** The values in another event than the one at hand. */
  textsIn(doc: JsonObject): readonly string[] {
    const value = this.#read(doc)
    return typeof value === 'function' ? [] : textsOf(value)
  }

  load(doc: JsonObject, stamp: number): void {
    if (this.#stamp === stamp) return
    this.#stamp = stamp
    this.#folded = undefined
    const value: JsonValue | undefined = this.#read(doc)
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
