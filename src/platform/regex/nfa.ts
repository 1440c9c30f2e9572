import type { Assertion, RegexNode } from './ast.ts'
import { type CharSet, NEWLINE, WORD } from './char-set.ts'

/** What is asked of a place between two bytes; a way through the automaton is open where all its bits hold. */
export const HOLDS: Readonly<Record<Assertion, number>> = {
  start: 1,
  // Of `$` that may stand before a last line feed only the line feed is seen: a little too much is let through.
  end: 2,
  last: 4,
  'line-start': 8,
  'line-end': 2,
  word: 16,
  'not-word': 32,
}

/** Kinds of what stands beside a place. */
export const EDGE = 0
export const LINE = 1
export const LETTER = 2
export const OTHER = 3

/** The bits of `HOLDS` at a place between a byte of one kind and one of another; `EDGE` is the beginning or the end. */
export function holdingBetween(before: number, after: number): number {
  const atWord = (before === LETTER) !== (after === LETTER)
  return (
    (before === EDGE ? 1 : 0) |
    (after === EDGE || after === LINE ? 2 : 0) |
    (after === EDGE ? 4 : 0) |
    (before === EDGE || before === LINE ? 8 : 0) |
    (atWord ? 16 : 32)
  )
}

/** Nodes beyond this make an expression too large to be walked, unless told otherwise. */
export const MOST_NODES = 60_000

/** A step that reads a byte of class `set` where the bits of `when` hold. */
export interface Edge {
  readonly set: number
  readonly to: number
  readonly when: number
}

/** What can follow a node without reading: steps, and expressions that are complete. */
export interface Closure {
  readonly edges: readonly Edge[]
  readonly done: readonly { readonly id: number; readonly when: number }[]
  /** The expressions that are complete here whatever stands beside. */
  readonly always: readonly number[]
}

interface Node {
  readonly kind: 'read' | 'fork' | 'ask' | 'done'
  /** The set's number, the bits asked, or the expression's id. */
  readonly value: number
  next: number[]
}

/**
 * Thompson's automaton (1968) of several expressions over bytes, built from the end so that alternatives share what follows them. It
 * answers whether an expression occurs, not where: a node at which one is complete has no further steps. Look-around is passed over,
 * which lets more through, never less.
 */
export class Nfa {
  readonly entries: readonly number[]
  /** Class of each byte: bytes that no set tells apart share one. */
  readonly classOf = new Uint8Array(256)
  classes = 1
  /** Kind of each class. */
  kinds: Uint8Array = new Uint8Array(1)
  readonly #nodes: Node[] = []
  readonly #sets: CharSet[] = []
  readonly #setNumbers = new Map<string, number>()
  readonly #reads = new Map<string, number>()
  readonly #closures = new Map<number, Closure>()
  #members: Uint8Array[] = []
  #asksWord = false
  #asksLine = false
  readonly #mostNodes: number

  constructor(expressions: readonly RegexNode[], mostNodes = MOST_NODES) {
    this.#mostNodes = mostNodes
    this.entries = expressions.map((node, id) => this.#build(node, this.#node('done', id, [])))
    this.#classify()
  }

  /** Whether a class belongs to a set. */
  holds(set: number, byteClass: number): boolean {
    return this.#members[set]![byteClass] === 1
  }

  closure(node: number): Closure {
    const known = this.#closures.get(node)
    if (known !== undefined) return known
    const made = this.#walk(node)
    this.#closures.set(node, made)
    return made
  }

  #walk(from: number): Closure {
    const edges: Edge[] = []
    const done: { id: number; when: number }[] = []
    const seen = new Set<number>()
    const work: [number, number][] = [[from, 0]]
    while (work.length > 0) {
      const [at, when] = work.pop()!
      if (seen.has(at * 64 + when)) continue
      seen.add(at * 64 + when)
      const node = this.#nodes[at]!
      if (node.kind === 'read') edges.push({ set: node.value, to: node.next[0]!, when })
      else if (node.kind === 'done') done.push({ id: node.value, when })
      else for (const next of node.next) work.push([next, node.kind === 'ask' ? when | node.value : when])
    }
    const always = done.filter((each) => each.when === 0).map((each) => each.id)
    return always.length > 0 ? { edges: [], done: [], always } : { edges, done, always }
  }

  #node(kind: Node['kind'], value: number, next: number[]): number {
    if (this.#nodes.length >= this.#mostNodes) throw new TooLargeError()
    this.#nodes.push({ kind, value, next })
    return this.#nodes.length - 1
  }

  #build(node: RegexNode, next: number): number {
    switch (node.kind) {
      case 'set':
        return this.#read(node.set, next)
      case 'group':
        return this.#build(node.item, next)
      case 'look':
        return next
      case 'assertion':
        if (node.what === 'word' || node.what === 'not-word') this.#asksWord = true
        else if (node.what !== 'start' && node.what !== 'last') this.#asksLine = true
        return this.#node('ask', HOLDS[node.what], [next])
      case 'sequence':
        return node.items.reduceRight((after, item) => this.#build(item, after), next)
      case 'choice':
        return this.#node('fork', 0, [...new Set(node.items.map((item) => this.#build(item, next)))])
      case 'repeat':
        return this.#repeat(node, next)
    }
  }

  #repeat(node: Extract<RegexNode, { kind: 'repeat' }>, next: number): number {
    let after = next
    if (node.max === Infinity) {
      const fork = this.#node('fork', 0, [next])
      this.#nodes[fork]!.next.push(this.#build(node.item, fork))
      after = fork
    } else
      for (let copy = node.max; copy > node.min; copy -= 1) {
        after = this.#node('fork', 0, [next, this.#build(node.item, after)])
      }
    for (let copy = 0; copy < node.min; copy += 1) after = this.#build(node.item, after)
    return after
  }

  #read(set: CharSet, next: number): number {
    const name = set.join()
    let number = this.#setNumbers.get(name)
    if (number === undefined) {
      number = this.#sets.length
      this.#sets.push(set)
      this.#setNumbers.set(name, number)
    }
    const key = `${number},${next}`
    let read = this.#reads.get(key)
    if (read === undefined) {
      read = this.#node('read', number, [next])
      this.#reads.set(key, read)
    }
    return read
  }

  #classify(): void {
    const sets = [...this.#sets]
    if (this.#asksWord) sets.push(WORD)
    if (this.#asksLine) sets.push(NEWLINE)
    let classOf: number[] = new Array<number>(256).fill(0)
    let classes = 1
    for (const set of sets) {
      const split = new Map<number, number>()
      const member = memberTable(set)
      classOf = classOf.map((old, byte) => {
        const key = old * 2 + member[byte]!
        if (!split.has(key)) split.set(key, split.size)
        return split.get(key)!
      })
      classes = split.size
    }
    this.classes = classes
    this.classOf.set(classOf)
    const sample = new Array<number>(classes).fill(0)
    for (let byte = 0; byte < 256; byte += 1) sample[classOf[byte]!] = byte
    this.#members = this.#sets.map((set) => {
      const member = memberTable(set)
      return Uint8Array.from(sample, (byte) => member[byte]!)
    })
    const word = memberTable(WORD)
    this.kinds = Uint8Array.from(sample, (byte) =>
      this.#asksLine && byte === 10 ? LINE : this.#asksWord && word[byte] === 1 ? LETTER : OTHER,
    )
  }
}

export class TooLargeError extends Error {
  constructor() {
    super('the expression is too large for an automaton')
    this.name = 'TooLargeError'
  }
}

function memberTable(set: CharSet): Uint8Array {
  const table = new Uint8Array(256)
  for (let at = 0; at < set.length; at += 2)
    for (let byte = set[at]!; byte <= Math.min(255, set[at + 1]!); byte += 1) table[byte] = 1
  return table
}
