import { foldUnit } from './fold.ts'

const ASCII = 128

/**
 * Finds which of many literals occur in a text, whatever their case, in one pass over the unfolded text. The automaton of Aho and Corasick
 * (1975) with all failure links resolved into one table of states × character classes; units that no literal uses share class 0.
 * Literals must be folded and hold no surrogates: those do not fold unit by unit.
 */
export class AhoCorasick {
  readonly #classes: number
  readonly #asciiClass = new Uint8Array(ASCII)
  readonly #otherClass = new Map<number, number>()
  /** Next state × #classes, premultiplied. */
  readonly #next: Int32Array
  /** By state: ids of the literals that end here, or undefined. */
  readonly #output: (readonly number[] | undefined)[]

  constructor(literals: readonly { readonly text: string; readonly id: number }[]) {
    const classOf = new Map<number, number>()
    for (const { text } of literals) {
      for (let at = 0; at < text.length; at += 1) {
        const unit = text.charCodeAt(at)
        if (!classOf.has(unit)) classOf.set(unit, classOf.size + 1)
      }
    }
    this.#classes = classOf.size + 1
    this.#fillClasses(classOf)
    const trie = this.#buildTrie(literals, classOf)
    this.#next = trie.next
    this.#output = trie.output
  }

  #fillClasses(classOf: ReadonlyMap<number, number>): void {
    for (let unit = 0; unit < ASCII; unit += 1) {
      const found = classOf.get(foldUnit(unit)) ?? 0
      if (found > 255) this.#otherClass.set(unit, found)
      this.#asciiClass[unit] = found > 255 ? 0 : found
    }
    if (this.#classes > 256) throw new RangeError('more than 255 different characters in the literals of one field')
    const needsOther = [...classOf.keys()].some((unit) => unit >= ASCII) || classOf.has(0x6b) || classOf.has(0x69)
    if (!needsOther) return
    // K (Kelvin) and others beyond ASCII fold into it: every unit is asked once, here.
    for (let unit = ASCII; unit < 0x10000; unit += 1) {
      const found = classOf.get(foldUnit(unit))
      if (found !== undefined) this.#otherClass.set(unit, found)
    }
  }

  #buildTrie(literals: readonly { readonly text: string; readonly id: number }[], classOf: ReadonlyMap<number, number>) {
    const classes = this.#classes
    const bound = literals.reduce((sum, literal) => sum + literal.text.length, 1)
    const next = new Int32Array(bound * classes)
    const output: (number[] | undefined)[] = [undefined]
    let states = 1
    for (const { text, id } of literals) {
      let state = 0
      for (let at = 0; at < text.length; at += 1) {
        const cell = state * classes + classOf.get(text.charCodeAt(at))!
        if (next[cell] === 0) {
          next[cell] = states
          output.push(undefined)
          states += 1
        }
        state = next[cell]!
      }
      output[state] ??= []
      output[state]!.push(id)
    }
    resolveFailures(next, classes, output)
    const used = next.slice(0, states * classes)
    for (let cell = 0; cell < used.length; cell += 1) used[cell] = used[cell]! * classes
    return { next: used, output }
  }

  /** Appends the ids of literals that occur; an id may come more than once. */
  collect(text: string, into: number[]): void {
    const next = this.#next
    const asciiClass = this.#asciiClass
    const output = this.#output
    const classes = this.#classes
    let state = 0
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at)
      state = next[state + (unit < ASCII ? asciiClass[unit]! : (this.#otherClass.get(unit) ?? 0))]!
      if (state !== 0) {
        const ids = output[state / classes]
        if (ids !== undefined) into.push(...ids)
      }
    }
  }
}

/** Breadth first: the failure state's row fills the gaps of a state's own, and its outputs are inherited. */
function resolveFailures(next: Int32Array, classes: number, output: (number[] | undefined)[]): void {
  const fail = new Int32Array(output.length)
  const queue: number[] = []
  for (let symbol = 0; symbol < classes; symbol += 1) if (next[symbol] !== 0) queue.push(next[symbol]!)
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head]!
    const failure = fail[state]!
    const inherited = output[failure]
    if (inherited !== undefined) output[state] = [...(output[state] ?? []), ...inherited]
    for (let symbol = 0; symbol < classes; symbol += 1) {
      const cell = state * classes + symbol
      const child = next[cell]!
      const viaFailure = next[failure * classes + symbol]!
      if (child === 0) next[cell] = viaFailure
      else {
        fail[child] = viaFailure
        queue.push(child)
      }
    }
  }
}
