import type { RegexNode } from '../../platform/regex/ast.ts'
import { TooLargeError } from '../../platform/regex/nfa.ts'
import { PatternSet } from '../../platform/regex/pattern-set.ts'

/** What a prefilter found in a value: a bit for each of its expressions; undefined where nothing is known. */
export type Hits = Uint32Array | undefined

/** The Core Rule Set's expressions make a hundred thousand nodes of an automaton; rules of one's own come on top. */
const MOST_NODES = 400_000

/**
 * What a value may add to the automaton. Attacks lead to ever new states: there it is cheaper to run the rules than to
 * learn. Ordinary requests resemble each other, and are known after some hundreds.
 */
const NEW_CELLS = 24

/**
 * What ordinary requests are full of. An expression that occurs in most of it tells nothing, and would only take the
 * automaton's time.
 */
const ORDINARY = [
  '1',
  'page',
  'true',
  'json.items.0.name',
  'session',
  'text/html,application/xhtml+xml',
  'en-US,en;q=0.9',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  'the quick brown fox jumps over the lazy dog',
  '2026-11-22T10:00:00Z',
  '/shop/cart',
  'max-age=0',
]
const TELLS_NOTHING = ORDINARY.length / 2

/**
 * Tells in one pass over a value which of many rules are worth trying on it. Each rule brings an expression that occurs
 * in all that it matches; a rule whose expression does not occur is not run.
 */
export class Prefilter {
  readonly #nodes: RegexNode[] = []
  /** By key; undefined for an expression that tells nothing. */
  readonly #bits = new Map<string, number | undefined>()
  #set: PatternSet | undefined
  #found = new Uint32Array(0)
  #none = new Uint32Array(0)

  /** The expression's bit, or undefined where it tells nothing. `key` says which expressions are the same. */
  add(key: string, node: RegexNode): number | undefined {
    if (!this.#bits.has(key)) this.#bits.set(key, isTelling(node) ? this.#nodes.push(node) - 1 : undefined)
    return this.#bits.get(key)
  }

  /** To be called once, after the last `add`. Where the expressions are too large for one automaton there is no filter. */
  build(): void {
    try {
      this.#set = new PatternSet(this.#nodes, MOST_NODES)
    } catch (error) {
      if (!(error instanceof TooLargeError)) throw error
    }
    this.#found = new Uint32Array((this.#nodes.length + 31) >> 5)
    this.#none = new Uint32Array(this.#found.length)
  }

  look(text: string): Hits {
    if (this.#set === undefined) return undefined
    this.#found.fill(0)
    if (!this.#set.collect(text, this.#found, NEW_CELLS + (text.length >> 4))) return undefined
    return this.#found.every((word) => word === 0) ? this.#none : this.#found.slice()
  }

  /** What is found in any of several values. */
  unite(all: readonly Hits[]): Hits {
    let united: Uint32Array | undefined
    let own = false
    for (const hits of all) {
      if (hits === undefined) return undefined
      if (hits === this.#none || hits === united) continue
      if (united === undefined) {
        united = hits
        continue
      }
      if (!own) {
        united = united.slice()
        own = true
      }
      for (let word = 0; word < united.length; word++) united[word]! |= hits[word]!
    }
    return united ?? this.#none
  }
}

function isTelling(node: RegexNode): boolean {
  try {
    const alone = new PatternSet([node], MOST_NODES)
    return ORDINARY.filter((text) => alone.occurs(text) !== false).length < TELLS_NOTHING
  } catch (error) {
    if (error instanceof TooLargeError) return false
    throw error
  }
}

export function isHit(hits: Hits, bit: number): boolean {
  return hits === undefined || (hits[bit >> 5]! & (1 << (bit & 31))) !== 0
}
