import { makeValue, type Value } from './value.ts'

/** Longer texts hardly come twice. */
const LONGEST = 200

/**
 * Values that come again and again (names of headers, browsers, languages, parameters), with what transformations and
 * the prefilter made of them, over the transactions of one rule set. Keeps at most twice `most`: whatever was not used
 * while the newer half filled is forgotten, so that nobody can make it grow.
 */
export class ValueCache {
  readonly #most: number
  #newer = new Map<string, Value>()
  #older = new Map<string, Value>()

  constructor(most = 4096) {
    this.#most = most
  }

  of(text: string): Value {
    if (text.length > LONGEST) return makeValue(text)
    const known = this.#newer.get(text) ?? this.#older.get(text)
    // Where the prefilter had given a value up, it may know more by now.
    const value = known === undefined || known.hits === undefined ? makeValue(text) : known
    value.returns = known !== undefined
    if (this.#newer.size >= this.#most) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    this.#newer.set(text, value)
    return value
  }

  get size(): number {
    return this.#newer.size + this.#older.size
  }
}
