import type { LiteralKind } from '../expression.ts'
import { AhoCorasick } from './aho-corasick.ts'
import { fold } from './fold.ts'
import { Trie } from './trie.ts'

const NONE: readonly number[] = []
const LONGEST_REMEMBERED = 256
const MOST_REMEMBERED = 4096
/** After this many values the memory must have paid: it is dropped when fewer than a third were known. */
const TRIAL = 4096

/**
 * The anchors of one field: tells which of them a value meets. Values that come again (images, access masks, host names) are answered
 * from memory without being folded or scanned.
 */
export class LiteralIndex {
  readonly #exact = new Map<string, number[]>()
  readonly #prefixes = new Trie(false)
  readonly #suffixes = new Trie(true)
  readonly #inside: { text: string; id: number }[] = []
  #automaton: AhoCorasick | undefined
  #hasPrefixes = false
  #hasSuffixes = false
  #memory: Map<string, readonly number[]> | undefined = new Map()
  #asked = 0
  #known = 0

  /** `text` is folded. */
  add(how: LiteralKind, text: string, id: number): void {
    if (how === 'exact') {
      const ids = this.#exact.get(text)
      if (ids === undefined) this.#exact.set(text, [id])
      else ids.push(id)
    } else if (how === 'prefix') {
      this.#prefixes.add(text, id)
      this.#hasPrefixes = true
    } else if (how === 'suffix') {
      this.#suffixes.add(text, id)
      this.#hasSuffixes = true
    } else this.#inside.push({ text, id })
  }

  /** Ids whose literal the value meets; an id may come more than once. */
  lookup(text: string): readonly number[] {
    const memory = this.#memory
    if (memory === undefined || text.length > LONGEST_REMEMBERED) return this.#find(text)
    const remembered = memory.get(text)
    this.#asked += 1
    if (remembered !== undefined) {
      this.#known += 1
      return remembered
    }
    if (this.#asked >= TRIAL) this.#judgeMemory()
    const found = this.#find(text)
    if (memory.size >= MOST_REMEMBERED) memory.clear()
    memory.set(text, found)
    return found
  }

  #judgeMemory(): void {
    if (this.#known * 3 < this.#asked) this.#memory = undefined
    this.#asked = 0
    this.#known = 0
  }

  #find(text: string): readonly number[] {
    const found: number[] = []
    if (this.#exact.size > 0 || this.#hasPrefixes || this.#hasSuffixes) {
      const folded = fold(text)
      const exact = this.#exact.get(folded)
      if (exact !== undefined) found.push(...exact)
      if (this.#hasPrefixes) this.#prefixes.collect(folded, found)
      if (this.#hasSuffixes) this.#suffixes.collect(folded, found)
    }
    if (this.#inside.length > 0) {
      this.#automaton ??= new AhoCorasick(this.#inside)
      this.#automaton.collect(text, found)
    }
    return found.length === 0 ? NONE : [...new Set(found)]
  }
}
