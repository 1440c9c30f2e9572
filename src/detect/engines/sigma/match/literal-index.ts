import type { JsonValue } from '../../../../kernel/json.ts'
import { AhoCorasick } from '../../../../platform/text/aho-corasick.ts'
import type { NumberedLiteral } from '../../../../platform/text/literal-table.ts'
import type { JsonScan } from '../../../scan/json-scan.ts'
import { type ByteLiteral, UNAVAILABLE } from '../../../scan/scan-literals.ts'
import type { LiteralKind } from '../expression.ts'
import { EndIndex } from './end-index.ts'
import type { EventAtHand } from './event-at-hand.ts'
import { countGrams, GramIndex, SHORTEST_GRAM } from './gram-index.ts'
import { inJson, spelledInJson } from './json-spelling.ts'
import { rawFilter } from './raw-filter.ts'
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
}

/** The anchors of one field: tells which of them a value meets. Built at the first question. */
export class LiteralIndex {
  readonly #atStart: (NumberedLiteral & { readonly whole: boolean })[] = []
  readonly #atEnd: (NumberedLiteral & { readonly whole: boolean })[] = []
  readonly #inside: NumberedLiteral[] = []
  #finders: Finders | undefined
  /** Where a scan keeps the literals as they stand in JSON: an index is used with one scan. */
  #scanned: number | undefined
  /** Length of the shortest literal, and whether one could occur in a number, true or false. */
  #extent: { readonly shortest: number; readonly meetsScalars: boolean } | undefined
  #rawFilter: ((scan: JsonScan) => boolean) | 'none' | undefined
  readonly #found: number[] = []
  readonly #typical: string[] = []

  /** Builds anew, at the next question, for values like these. */
  tune(values: readonly string[]): void {
    this.#typical.push(...values)
    this.#finders = undefined
    this.#scanned = undefined
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

  /** The literals in a scan, so far as they can stand in ASCII without codes; UNAVAILABLE when it has no room. */
  inScan(scan: JsonScan): number {
    this.#scanned ??=
      scan.literals.index(
        [
          ...written(this.#atStart).map(({ text, id }): ByteLiteral => ({ text, id, how: 'start' })),
          ...written(this.#atEnd).map(({ text, id, whole }): ByteLiteral => ({ text, id, how: whole ? 'whole' : 'end' })),
          ...written(this.#inside).map(({ text, id }): ByteLiteral => ({ text, id, how: 'inside' })),
        ],
        this.#typical.map((value) => Buffer.from(inJson(value))),
      ) ?? UNAVAILABLE
    return this.#scanned
  }

  /** Whether `inScan` has been asked since the index last changed. */
  get scanned(): number | undefined {
    return this.#scanned
  }

  /** Some literal could occur in a number, true or false. */
  get meetsScalars(): boolean {
    return this.#extentOf().meetsScalars
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
    inside?.collect(units, text.length, found)
    if (found.length > 0) return true
    tiny?.collect(units, text.length, found)
    return found.length > 0
  }

  /** Like `lookup`, over every text of an event at any depth; a scanned event's bytes mostly tell that there is nothing to find. */
  lookupEverywhere(event: EventAtHand): readonly number[] {
    if (event.scan !== undefined && this.#cannotOccur(event.scan)) return NONE
    const finders = this.#finders ?? this.#build()
    const found = this.#found
    if (found.length > 0) found.length = 0
    this.#search(Object.values(event.doc), finders, this.#extentOf())
    return found.length === 0 ? NONE : found
  }

  #cannotOccur(scan: JsonScan): boolean {
    if (this.#rawFilter === undefined) this.#rawFilter = rawFilter(this.#literals(), scan) ?? 'none'
    return this.#rawFilter !== 'none' && !this.#rawFilter(scan)
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

  #search(
    values: readonly JsonValue[],
    finders: Finders,
    extent: { readonly shortest: number; readonly meetsScalars: boolean },
  ): void {
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at]!
      if (typeof value === 'string') {
        if (value.length >= extent.shortest) this.#collect(value, finders)
      } else if (typeof value === 'object') {
        if (value !== null) this.#search(Object.values(value), finders, extent)
      } else if (extent.meetsScalars) this.#collect(String(value), finders)
    }
  }

  #literals(): string[] {
    return [...this.#inside, ...this.#atStart, ...this.#atEnd].map((literal) => literal.text)
  }

  #extentOf(): { readonly shortest: number; readonly meetsScalars: boolean } {
    if (this.#extent === undefined) {
      const all = this.#literals()
      this.#extent = {
        shortest: all.reduce((least, text) => Math.min(least, text.length), Infinity),
        meetsScalars: all.some((text) => SCALAR.test(text)),
      }
    }
    return this.#extent
  }

  #build(): Finders {
    let typical: Uint16Array | undefined
    for (const value of this.#typical) typical = countGrams(unitsOf(value), 0, value.length, typical)
    this.#finders = findersOf(this.#atStart, this.#atEnd, this.#inside, typical)
    return this.#finders
  }
}

type EndLiteral = NumberedLiteral & { readonly whole: boolean }

function findersOf(
  atStart: readonly EndLiteral[],
  atEnd: readonly EndLiteral[],
  inside: readonly NumberedLiteral[],
  typical: Uint16Array | undefined,
): Finders {
  const long = inside.filter((literal) => literal.text.length >= SHORTEST_GRAM)
  const tiny = inside.filter((literal) => literal.text.length < SHORTEST_GRAM)
  return {
    start: atStart.length === 0 ? undefined : new EndIndex(atStart, false),
    end: atEnd.length === 0 ? undefined : new EndIndex(atEnd, true),
    inside: long.length === 0 ? undefined : new GramIndex(long, typical),
    tiny: tiny.length === 0 ? undefined : new AhoCorasick(tiny),
  }
}

/** The literals as they stand in JSON, those left out that need a code there. */
function written<T extends NumberedLiteral>(literals: readonly T[]): T[] {
  return literals.flatMap((literal) => {
    const text = spelledInJson(literal.text)
    if (text === undefined) return []
    return [text === literal.text ? literal : { ...literal, text }]
  })
}
