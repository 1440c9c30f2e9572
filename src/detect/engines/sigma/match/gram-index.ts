import { FOLDED_UNITS, unitsFoldingTo } from '../../../../platform/text/fold.ts'
import type { NumberedLiteral } from '../../../../platform/text/literal-table.ts'

/** Three characters of five bits each: enough of a letter to tell it from others, the same for both cases. */
const GRAMS = 1 << 15
const LENGTH = 3
/** The shortest literal that has a gram. */
export const SHORTEST_GRAM = LENGTH
/** With more entries than this too many places of a text look like a literal: the step is shortened. */
const MOST_ENTRIES = 1500
const LONGEST_STEP = 12
/** From this many literals on it pays to leave out what they share. */
const MANY = 32
/** Enough to tell common from rare; sums over a window stay small. */
const MOST_COUNTED = 4096

/** The gram of three folded or unfolded units. */
export function gramOf(first: number, second: number, third: number): number {
  return ((first & 31) << 10) | ((second & 31) << 5) | (third & 31)
}

interface Entry {
  readonly literal: string
  readonly id: number
  /** Where in the literal the gram stands. */
  readonly offset: number
}

/**
 * Finds which of some literals occur in a text, whatever their case. Only every `step`-th place of the text is looked at: each literal is
 * entered with the grams of `step` neighbouring places, of which one must be hit. Unlike a skip table or an automaton, no look depends
 * on the one before, so the processor works on several at once.
 */
export class GramIndex {
  readonly #step: number
  /** One bit a gram: four kilobytes that stay in the nearest cache. */
  readonly #known = new Uint8Array(GRAMS >> 3)
  readonly #entries = new Map<number, Entry[]>()

  /** `typical`: counts of grams (countGrams) in texts like those that will come, so that literals are entered where they are rare. */
  constructor(literals: readonly NumberedLiteral[], typical?: Uint16Array) {
    const shortest = literals.reduce((least, literal) => Math.min(least, literal.text.length), Infinity)
    const step = Math.max(1, Math.min(LONGEST_STEP, shortest - LENGTH + 1, Math.floor(MOST_ENTRIES / literals.length)))
    this.#step = step
    const common = typical ?? (literals.length < MANY ? undefined : commonness(literals))
    for (const { text, id } of literals) {
      const start = common === undefined ? 0 : rarestWindow(text, step, common)
      for (let offset = start; offset < start + step; offset += 1) {
        for (const gram of gramsAt(text, offset)) {
          this.#known[gram >> 3] = this.#known[gram >> 3]! | (1 << (gram & 7))
          const entries = this.#entries.get(gram)
          if (entries === undefined) this.#entries.set(gram, [{ literal: text, id, offset }])
          else entries.push({ literal: text, id, offset })
        }
      }
    }
  }

  /** Appends the ids of literals that occur among the first `length` units; an id may come more than once. */
  collect(units: Uint16Array, length: number, into: number[]): void {
    const known = this.#known
    const step = this.#step
    for (let at = 0; at + 2 < length; at += step) {
      const gram = ((units[at]! & 31) << 10) | ((units[at + 1]! & 31) << 5) | (units[at + 2]! & 31)
      if (((known[gram >> 3]! >> (gram & 7)) & 1) !== 0) verify(units, 0, length, at, this.#entries.get(gram)!, into)
    }
  }
}

/** Appends the ids of those entries whose literal stands around the gram at `at`. */
function verify(units: Uint16Array, from: number, to: number, at: number, entries: readonly Entry[], into: number[]): void {
  for (let index = 0; index < entries.length; index += 1) {
    const { literal, id, offset } = entries[index]!
    const start = at - offset
    if (start < from || start + literal.length > to) continue
    let place = 0
    while (place < literal.length && FOLDED_UNITS[units[start + place]!] === literal.charCodeAt(place)) place += 1
    if (place === literal.length) into.push(id)
  }
}

/** Every gram, of units in either case, that the folded literal's characters from `offset` on can be in a text. */
function gramsAt(literal: string, offset: number): Iterable<number> {
  const [one, two, three] = [literal.charCodeAt(offset), literal.charCodeAt(offset + 1), literal.charCodeAt(offset + 2)]
  // Both cases of an ASCII letter have the same five bits, and nothing else folds to it.
  if ((one | two | three) < 128) return [gramOf(one, two, three)]
  const grams = new Set<number>()
  for (const first of unitsFoldingTo(one)) {
    for (const second of unitsFoldingTo(two)) {
      for (const third of unitsFoldingTo(three)) grams.add(gramOf(first, second, third))
    }
  }
  return grams
}

/** Adds the grams of a text to the counts; a new table when none is given. */
export function countGrams(
  units: Uint16Array,
  start: number,
  end: number,
  counts: Uint16Array = new Uint16Array(GRAMS),
): Uint16Array {
  for (let at = start; at + LENGTH <= end; at += 1) {
    const gram = gramOf(units[at]!, units[at + 1]!, units[at + 2]!)
    if (counts[gram]! < MOST_COUNTED) counts[gram] = counts[gram]! + 1
  }
  return counts
}

/** How often the literals hold each gram: what many share (`invoke-`) is common in texts too. */
function commonness(literals: readonly NumberedLiteral[]): Uint16Array {
  const common = new Uint16Array(GRAMS)
  for (const { text } of literals) {
    for (let at = 0; at + LENGTH <= text.length; at += 1) {
      const gram = gramOf(text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2))
      common[gram] = common[gram]! + 1
    }
  }
  return common
}

/** Offset of the `step` neighbouring grams that are least common together. */
function rarestWindow(text: string, step: number, common: Uint16Array): number {
  const at = (place: number) => common[gramOf(text.charCodeAt(place), text.charCodeAt(place + 1), text.charCodeAt(place + 2))]!
  let sum = 0
  for (let place = 0; place < step; place += 1) sum += at(place)
  let best = 0
  let least = sum
  for (let start = 1; start + step - 1 + LENGTH <= text.length; start += 1) {
    sum += at(start + step - 1) - at(start - 1)
    if (sum < least) {
      least = sum
      best = start
    }
  }
  return best
}
