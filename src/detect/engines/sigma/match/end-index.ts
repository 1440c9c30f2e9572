import { FOLDED_UNITS } from '../../../../platform/text/fold.ts'
import type { NumberedLiteral } from '../../../../platform/text/literal-table.ts'
import { gramOf } from './gram-index.ts'

/** File names share their last four characters (`.exe`): literals are told apart by the three before them. */
const SKIPPED = 4
const LONG = SKIPPED + 3

const KNOWN_BITS = 2048

function bitOf(key: number): number {
  return (Math.imul(key, 0x9e37_79b1) >>> 21) & (KNOWN_BITS - 1)
}

interface Entry {
  /** Folded units, from the end of the text that is compared. */
  readonly text: string
  readonly id: number
  /** The literal must be the whole text. */
  readonly whole: boolean
}

/** Finds the literals that a text begins with, or ends with, or is, whatever their case: a few look-ups for any number of literals. */
export class EndIndex {
  readonly #atEnd: boolean
  readonly #long = new Map<number, Entry[]>()
  readonly #short = new Map<number, Entry[]>()
  /** A bit for each key of either table, some keys sharing one: most texts are told by it. */
  readonly #known = new Uint8Array(KNOWN_BITS >> 3)
  /** Widths of the keys in the short table, largest first. */
  readonly #widths: readonly number[]

  /** With `atEnd` the literals end the text, else they begin it. */
  constructor(literals: readonly (NumberedLiteral & { readonly whole: boolean })[], atEnd: boolean) {
    this.#atEnd = atEnd
    for (const { text, id, whole } of literals) {
      const isLong = text.length >= LONG
      const key = isLong ? this.#key(text, SKIPPED, 3) : this.#key(text, 0, Math.min(3, text.length))
      const table = isLong ? this.#long : this.#short
      const entries = table.get(key)
      if (entries === undefined) table.set(key, [{ text, id, whole }])
      else entries.push({ text, id, whole })
      const bit = bitOf(key)
      this.#known[bit >> 3] = this.#known[bit >> 3]! | (1 << (bit & 7))
    }
    this.#widths = [...new Set([...this.#short.keys()].map((key) => key >> 15))].sort((a, b) => b - a)
  }

  #find(table: ReadonlyMap<number, Entry[]>, key: number): Entry[] | undefined {
    const bit = bitOf(key)
    return ((this.#known[bit >> 3]! >> (bit & 7)) & 1) === 0 ? undefined : table.get(key)
  }

  collect(text: string, into: number[]): void {
    const { length } = text
    if (length >= LONG && this.#long.size > 0) this.#verify(text, this.#find(this.#long, this.#key(text, SKIPPED, 3)), into)
    const widths = this.#widths
    for (let at = 0; at < widths.length; at += 1) {
      const width = widths[at]!
      if (width <= length) this.#verify(text, this.#find(this.#short, this.#key(text, 0, width)), into)
    }
  }

  /** `width` units, `skipped` units away from the end that counts; the width is part of the key. */
  #key(text: string, skipped: number, width: number): number {
    const last = this.#atEnd ? text.length - 1 - skipped : skipped
    const step = this.#atEnd ? -1 : 1
    const unit = (place: number) => (place < width ? FOLDED_UNITS[text.charCodeAt(last + place * step)]! : 0)
    return (width << 15) | gramOf(unit(2), unit(1), unit(0))
  }

  #verify(text: string, entries: readonly Entry[] | undefined, into: number[]): void {
    if (entries === undefined) return
    for (let index = 0; index < entries.length; index += 1) {
      const { text: literal, id, whole } = entries[index]!
      const start = this.#atEnd ? text.length - literal.length : 0
      if (start < 0 || literal.length > text.length || (whole && literal.length !== text.length)) continue
      let place = 0
      while (place < literal.length && FOLDED_UNITS[text.charCodeAt(start + place)] === literal.charCodeAt(place)) place += 1
      if (place === literal.length) into.push(id)
    }
  }
}
