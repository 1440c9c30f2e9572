import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import type { LiteralKind } from '../expression.ts'
import { AhoCorasick } from './aho-corasick.ts'
import { EndIndex } from './end-index.ts'
import { countGrams, GramIndex, SHORTEST_GRAM } from './gram-index.ts'
import type { NumberedLiteral } from './literal-table.ts'
import { type RawJson, rawFilter } from './raw-json.ts'
import { unitsOf } from './units.ts'

const NONE: readonly number[] = []

/** Part of a number as JavaScript writes it, or of a boolean. */
const SCALAR = /^(?:[\d.e+-]*|.*(?:true|false|infinity).*|[truefals]{1,4})$/

interface Finders {
  readonly start: EndIndex | undefined
  readonly end: EndIndex | undefined
  readonly inside: GramIndex | undefined
  /** For literals of one or two characters. */
  readonly tiny: AhoCorasick | undefined
  readonly shortest: number
  /** Some literal could occur in a number, true or false. */
  readonly meetsScalars: boolean
}

/** The anchors of one field: tells which of them a value meets. Built at the first question. */
export class LiteralIndex {
  readonly #atStart: (NumberedLiteral & { readonly whole: boolean })[] = []
  readonly #atEnd: (NumberedLiteral & { readonly whole: boolean })[] = []
  readonly #inside: NumberedLiteral[] = []
  #finders: Finders | undefined
  #rawFilter: ((raw: RawJson) => boolean) | 'none' | undefined
  readonly #found: number[] = []
  #typical: Uint16Array | undefined

  /** Builds anew, at the next question, for values like these. */
  tune(values: readonly string[]): void {
    for (const value of values) this.#typical = countGrams(unitsOf(value), 0, value.length, this.#typical)
    this.#finders = undefined
  }

  /** Whose literals these are. */
  get ids(): ReadonlySet<number> {
    return new Set([...this.#atStart, ...this.#atEnd, ...this.#inside].map((literal) => literal.id))
  }

  /** Whether values are searched through, not only at their ends. */
  get searches(): boolean {
    return this.#inside.length > 0
  }

  /** `text` is folded and holds no surrogates. */
  add(how: LiteralKind, text: string, id: number): void {
    if (how === 'contains') this.#inside.push({ text, id })
    else if (how === 'prefix') this.#atStart.push({ text, id, whole: false })
    else this.#atEnd.push({ text, id, whole: how === 'exact' })
  }

  /** Ids whose literal the value meets; an id may come more than once. The answer is overwritten by the next one. */
  lookup(text: string): readonly number[] {
    const finders = this.#finders ?? this.#build()
    const found = this.#found
    if (found.length > 0) found.length = 0
    this.#collect(text, finders)
    return found.length === 0 ? NONE : found
  }

  /** Whether the value meets any of the literals. */
  meets(text: string): boolean {
    const { start, end, inside, tiny } = this.#finders ?? this.#build()
    const found = this.#found
    if (found.length > 0) found.length = 0
    start?.collect(text, found)
    end?.collect(text, found)
    if (found.length > 0) return true
    if (inside === undefined && tiny === undefined) return false
    const units = unitsOf(text)
    if (inside?.occursIn(units, 0, text.length) === true) return true
    tiny?.collect(units, text.length, found)
    return found.length > 0
  }

  /** Like `lookup`, over every text of an event at any depth; `raw` may tell that there is nothing to find. */
  lookupEverywhere(doc: JsonObject, raw: RawJson | undefined): readonly number[] {
    const finders = this.#finders ?? this.#build()
    if (raw !== undefined && this.#cannotOccur(raw)) return NONE
    const found = this.#found
    if (found.length > 0) found.length = 0
    this.#search(Object.values(doc), finders)
    return found.length === 0 ? NONE : found
  }

  #cannotOccur(raw: RawJson): boolean {
    if (this.#rawFilter === undefined) this.#rawFilter = rawFilter(this.#literals(), raw) ?? 'none'
    return this.#rawFilter !== 'none' && !this.#rawFilter(raw)
  }

  #collect(text: string, { start, end, inside, tiny }: Finders): void {
    const found = this.#found
    if (start !== undefined) start.collect(text, found)
    if (end !== undefined) end.collect(text, found)
    if (inside === undefined && tiny === undefined) return
    const units = unitsOf(text)
    if (inside !== undefined) inside.collect(units, text.length, found)
    if (tiny !== undefined) tiny.collect(units, text.length, found)
  }

  #search(values: readonly JsonValue[], finders: Finders): void {
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at]!
      if (typeof value === 'string') {
        if (value.length >= finders.shortest) this.#collect(value, finders)
      } else if (typeof value === 'object') {
        if (value !== null) this.#search(Object.values(value), finders)
      } else if (finders.meetsScalars) this.#collect(String(value), finders)
    }
  }

  #literals(): string[] {
    return [...this.#inside, ...this.#atStart, ...this.#atEnd].map((literal) => literal.text)
  }

  #build(): Finders {
    const all = this.#literals()
    const long = this.#inside.filter((literal) => literal.text.length >= SHORTEST_GRAM)
    const tiny = this.#inside.filter((literal) => literal.text.length < SHORTEST_GRAM)
    this.#finders = {
      start: this.#atStart.length === 0 ? undefined : new EndIndex(this.#atStart, false),
      end: this.#atEnd.length === 0 ? undefined : new EndIndex(this.#atEnd, true),
      inside: long.length === 0 ? undefined : new GramIndex(long, this.#typical),
      tiny: tiny.length === 0 ? undefined : new AhoCorasick(tiny),
      shortest: all.reduce((least, text) => Math.min(least, text.length), Infinity),
      meetsScalars: all.some((text) => SCALAR.test(text)),
    }
    return this.#finders
  }
}
