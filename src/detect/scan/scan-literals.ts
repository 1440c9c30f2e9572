import { ENTRY_SIZE, FIELD, HOW, INDEX, ITEM, PLACE_SIZE, PROGRAM } from './literal-code.ts'
import { MEMORY } from './memory.ts'
import { LITERAL } from './test-code.ts'

/** What a literal must be to a text: a part of it, its beginning, its end, or all of it. */
export type LiteralPlace = keyof typeof HOW

/** A literal in ASCII without capitals, with the number that is answered when a text meets it, in whatever case. */
export interface ByteLiteral {
  readonly text: string
  readonly id: number
  readonly how: LiteralPlace
}

/** A place of a field: its path, and what a value there means (scan-reader.ts). */
export type ScannedPlace = readonly [path: number, means: number]

/** A field of a program. `index`: 0 when it is not made yet, UNAVAILABLE when it cannot be. `places`: undefined when no scan can read it. */
export interface ScannedField {
  readonly index: number
  readonly meetsScalars: boolean
  readonly places: readonly ScannedPlace[] | undefined
}

/** Instead of an index that found no room. */
export const UNAVAILABLE = -1

/** The shortest literal that has a gram. */
const GRAM = 3
/** With more entries than this too many places of a text look like a literal: the step is shortened. */
const MOST_ENTRIES = 1500
const LONGEST_STEP = 12
/** From this many literals on it pays to leave out what they share. */
const MANY = 32
const GRAM_TABLE = 4096
const WORD = 4
const COUNTS_SIZE = WORD << 15
/** Of one typical text. */
const MOST_COUNTED = 1 << 16

export interface LiteralCode {
  build(index: number, items: number, itemsEnd: number, entries: number, common: number): void
  count(counts: number, from: number, to: number): void
}

/** Makes the indexes and programs that literal-code.ts works with, in the memory of a scan, until that is full. */
export class ScanLiterals {
  readonly #bytes: Buffer
  readonly #words: Int32Array
  readonly #code: LiteralCode
  #end: number = MEMORY.arena
  #mark: number | undefined
  readonly #marks: { readonly at: number; readonly count: number }[] = []

  constructor(bytes: Buffer, code: LiteralCode) {
    this.#bytes = bytes
    this.#words = new Int32Array(bytes.buffer)
    this.#code = code
  }

  /**
   * The address of an index of the literals; undefined when there is no room left. `typical`: texts like those that will come, so that
   * literals are looked for where they differ from them.
   */
  index(literals: readonly ByteLiteral[], typical: readonly Uint8Array[] = []): number | undefined {
    const long = literals.filter(({ text, how }) => how === 'inside' && text.length >= GRAM)
    const shortest = long.reduce((least, { text }) => Math.min(least, text.length), Number.POSITIVE_INFINITY)
    const step = Math.max(1, Math.min(LONGEST_STEP, shortest - GRAM + 1, Math.floor(MOST_ENTRIES / long.length)))
    const entries = long.length * step + literals.length - long.length
    const width = Math.max(4, Math.ceil(Math.log2(entries)))
    const text = literals.map((literal) => literal.text).join('')
    const grams = long.length === 0 ? 0 : GRAM_TABLE
    const before = this.#end
    const index = this.#take(INDEX.size + grams + (WORD << width) + entries * ENTRY_SIZE + text.length)
    if (index === undefined) return undefined
    // Needed only now: what stands behind is free.
    const sample = typical.map((bytes) => bytes.subarray(0, MOST_COUNTED))
    const longest = sample.reduce((most, bytes) => Math.max(most, bytes.length), 0)
    const items = this.#take(literals.length * ITEM.size + longest)
    if (items === undefined) {
      this.#end = before
      return undefined
    }
    const heads = index + INDEX.size + grams
    const firstEntry = heads + (WORD << width)
    const textAt = firstEntry + entries * ENTRY_SIZE
    this.#bytes.write(text, textAt, 'latin1')
    this.#set(index, [grams === 0 ? 0 : index + INDEX.size, step, 0, 0, heads, 32 - width, 0])
    this.#writeItems(items, literals, textAt)
    const itemsEnd = items + literals.length * ITEM.size
    const hasCounts = this.#countCommon(sample, long.length, { from: textAt, to: textAt + text.length, free: itemsEnd })
    this.#code.build(index, items, itemsEnd, firstEntry, hasCounts ? MEMORY.counts : 0)
    this.#bytes.fill(0, items, itemsEnd + longest)
    this.#end = items
    return index
  }

  /** The address of one literal to be asked for; undefined when there is no room left. The text is not empty. */
  literal(text: string, how: LiteralPlace): number | undefined {
    const at = this.#take(LITERAL.text + text.length)
    if (at === undefined) return undefined
    this.#set(at, [HOW[how], text.length, text.charCodeAt(0), text.charCodeAt(text.length - 1)])
    this.#bytes.write(text, at + LITERAL.text, 'latin1')
    return at
  }

  /** The address of a program that looks up the values of fields, whose ids are below `ids`; undefined when there is no room left. */
  program(fields: readonly ScannedField[], ids: number): number | undefined {
    if (fields.length > MEMORY.mostFields || ids > MEMORY.mostIds) return undefined
    const places = fields.reduce((sum, field) => sum + (field.places?.length ?? 0), 0)
    const size = PROGRAM.fields + fields.length * FIELD.size
    const program = this.#take(size + places * PLACE_SIZE)
    const marks = this.marks(ids)
    if (program === undefined || marks === undefined) return undefined
    this.#set(program, [fields.length, marks])
    let place = program + size
    for (const [at, field] of fields.entries()) {
      const found = field.places ?? []
      const count = field.places === undefined ? -1 : found.length
      this.#set(program + PROGRAM.fields + at * FIELD.size, [field.index, field.meetsScalars ? 1 : 0, place, count])
      this.#set(place, found.flat())
      place += found.length * PLACE_SIZE
    }
    return program
  }

  /** Whether the field's index is still to be made. */
  isUnmade(program: number, field: number): boolean {
    return this.#words[this.#indexPlace(program, field)] === 0
  }

  setIndex(program: number, field: number, index: number): void {
    this.#words[this.#indexPlace(program, field)] = index
  }

  /** Where it is noted which ids were found in a text. */
  marks(count: number): number | undefined {
    const at = this.#take(count * WORD)
    if (at !== undefined) this.#marks.push({ at, count })
    return at
  }

  /** Marks for indexes whose literals all have the id 0. */
  get mark(): number | undefined {
    this.#mark ??= this.marks(1)
    return this.#mark
  }

  /** Numbers of look-ups begin anew. */
  forgetMarks(): void {
    for (const { at, count } of this.#marks) this.#bytes.fill(0, at, at + count * WORD)
  }

  /** Room for something else, all zero; undefined when there is none left. */
  reserve(size: number): number | undefined {
    return this.#take(size)
  }

  #indexPlace(program: number, field: number): number {
    return (program + PROGRAM.fields + field * FIELD.size + FIELD.index) / WORD
  }

  #take(size: number): number | undefined {
    const at = this.#end
    const end = (at + size + 15) & ~15
    if (end > MEMORY.end) return undefined
    this.#end = end
    return at
  }

  #set(at: number, words: readonly number[]): void {
    for (let word = 0; word < words.length; word += 1) this.#words[at / WORD + word] = words[word]!
  }

  #writeItems(items: number, literals: readonly ByteLiteral[], textAt: number): void {
    const words = this.#words
    let word = items / WORD
    let at = textAt
    for (const { text, id, how } of literals) {
      words[word] = at
      words[word + 1] = text.length
      words[word + 2] = id
      words[word + 3] = HOW[how]
      word += ITEM.size / WORD
      at += text.length
    }
  }

  /** Counts what is common: in typical texts, or in many literals (`invoke-`). False where neither tells. */
  #countCommon(
    typical: readonly Uint8Array[],
    literals: number,
    { from, to, free }: { readonly from: number; readonly to: number; readonly free: number },
  ): boolean {
    if (typical.length === 0 && literals < MANY) return false
    this.#bytes.fill(0, MEMORY.counts, MEMORY.counts + COUNTS_SIZE)
    if (typical.length === 0) this.#code.count(MEMORY.counts, from, to)
    for (const text of typical) {
      this.#bytes.set(text, free)
      this.#code.count(MEMORY.counts, free, free + text.length)
    }
    return true
  }
}
