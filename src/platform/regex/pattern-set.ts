import type { RegexNode } from './ast.ts'
import { type Closure, EDGE, holdingBetween, Nfa } from './nfa.ts'

/** Cells of the table (states × classes of bytes) before it is emptied: 12 MB. */
const MOST_CELLS = 3e6
/** States that may be made before the first is paid for, and what a value pays for: making one takes as long as many look-ups. */
const CREDIT_AT_FIRST = 20_000
const CREDIT_A_VALUE = 4
const CREDIT_A_BYTE = 1 / 16

/** Cells that walks with a limit may work out before the first is paid for, and what a value pays for. */
const LEARNING_AT_FIRST = 20_000
const LEARNING_A_VALUE = 0.5

/** What a step from one or several nodes leads to: nodes, and expressions that become complete with it. */
interface Step {
  readonly nodes: readonly number[]
  readonly ids: readonly number[]
}

/** What the beginnings of all expressions, tried anew at each byte, lead to when one class of bytes has just been read. */
interface Base extends Step {
  readonly number: number
  readonly has: ReadonlySet<number>
  /** Kind of the byte that was read. */
  readonly before: number
  readonly onward: Map<number, Step>
}

/** The nodes reached: those of the base and others. */
interface State {
  readonly base: Base
  readonly others: readonly number[]
}

/**
 * Tells in one pass over a byte string which of many expressions occur in it: a deterministic automaton made of the expressions'
 * common NFA state by state, as texts need them (the lazy DFA of Thompson's grep and of RE2's `Set`). Each byte of a text costs one
 * look-up once its states are known, however many expressions there are. An answer may say too much where an expression has look-around
 * or `\Z`; never too little. Not for two threads, nor for two texts at a time.
 */
export class PatternSet {
  /** Expressions in the set; their ids are 0 to size - 1. */
  readonly size: number
  readonly #nfa: Nfa
  readonly #width: number
  readonly #classOf: Uint8Array
  readonly #always: readonly number[]
  /** By state × class: the next state's row, 0 where it is not known yet, or below zero an index into `#arrivals`. */
  #next: Int32Array
  #states: State[] = []
  #numbers = new Map<string, number>()
  #arrivals: { readonly row: number; readonly ids: readonly number[] }[] = []
  readonly #bases = new Map<number, Base>()
  #steps = new Map<number, Map<number, Step>>()
  readonly #nowhere: Base
  #first = 0
  #credit = CREDIT_AT_FIRST
  #learning = LEARNING_AT_FIRST

  /** Throws `TooLargeError` (nfa.ts). */
  constructor(expressions: readonly RegexNode[], mostNodes?: number) {
    this.#nfa = new Nfa(expressions, mostNodes)
    this.size = expressions.length
    this.#width = this.#nfa.classes + 1
    this.#classOf = this.#nfa.classOf
    this.#next = new Int32Array(64 * this.#width)
    this.#always = this.#nfa.entries.flatMap((entry) => this.#nfa.closure(entry).always)
    this.#nowhere = { number: 0, nodes: [], ids: [], has: new Set(), before: EDGE, onward: new Map() }
    this.#clear()
  }

  /** States held at the moment. */
  get states(): number {
    return this.#states.length - 1
  }

  /**
   * Sets the bit of each expression that occurs in the value (32 to a word); false where the walk was given up because values lead to
   * ever new states, so that nothing is known. `mostNew` is the number of cells of the table that may be worked out for this value:
   * each takes as long as hundreds of look-ups.
   */
  collect(value: string, into: Uint32Array, mostNew = Infinity): boolean {
    this.#learning = Math.min(LEARNING_AT_FIRST, this.#learning + LEARNING_A_VALUE)
    let left = mostNew === Infinity ? mostNew : Math.min(mostNew, Math.floor(this.#learning))
    for (const id of this.#always) into[id >> 5]! |= 1 << (id & 31)
    this.#pay(value.length)
    const classOf = this.#classOf
    let row = this.#first
    for (let at = 0; at <= value.length; at += 1) {
      const byteClass = at < value.length ? classOf[value.charCodeAt(at) & 255]! : this.#width - 1
      let to = this.#next[row + byteClass]!
      if (to === 0) {
        if (left === 0) return false
        left -= 1
        this.#learning -= 1
        to = this.#extend(row, byteClass)
        if (to === 0) return false
      }
      if (to < 0) {
        const arrival = this.#arrivals[-to]!
        for (const id of arrival.ids) into[id >> 5]! |= 1 << (id & 31)
        row = arrival.row
      } else row = to
    }
    return true
  }

  /** True where any expression occurs, undefined where the walk was given up. */
  occurs(value: string): boolean | undefined {
    if (this.#always.length > 0) return true
    this.#pay(value.length)
    const classOf = this.#classOf
    let row = this.#first
    for (let at = 0; at <= value.length; at += 1) {
      const byteClass = at < value.length ? classOf[value.charCodeAt(at) & 255]! : this.#width - 1
      let to = this.#next[row + byteClass]!
      if (to === 0) {
        to = this.#extend(row, byteClass)
        if (to === 0) return undefined
      }
      if (to < 0) return true
      row = to
    }
    return false
  }

  #pay(length: number): void {
    this.#credit = Math.min(CREDIT_AT_FIRST, this.#credit + CREDIT_A_VALUE + length * CREDIT_A_BYTE)
    // Emptied between values only, so that no row changes its meaning during a walk.
    if (this.#states.length * this.#width > MOST_CELLS) this.#clear()
  }

  #clear(): void {
    this.#states = [{ base: this.#nowhere, others: [] }]
    this.#numbers = new Map()
    this.#steps = new Map()
    this.#arrivals = [{ row: 0, ids: [] }]
    this.#next.fill(0)
    this.#first = this.#row(this.#nowhere, [])
  }

  /** The row of a state, made if need be. */
  #row(base: Base, others: readonly number[]): number {
    const key = `${base.number}:${others.join()}`
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const row = this.#states.length * this.#width
    if (row + this.#width > this.#next.length) {
      const larger = new Int32Array(this.#next.length * 2)
      larger.set(this.#next)
      this.#next = larger
    }
    this.#states.push({ base, others })
    this.#numbers.set(key, row)
    this.#credit -= 1
    return row
  }

  /** Works out one cell of the table; 0 where no credit is left for it. */
  #extend(row: number, byteClass: number): number {
    if (this.#credit < 0) return 0
    const { base, others } = this.#states[row / this.#width]!
    const isEnd = byteClass === this.#width - 1
    const kind = isEnd ? EDGE : this.#nfa.kinds[byteClass]!
    const holding = holdingBetween(base.before, kind)
    const target = this.#base(byteClass, base.before, holding, kind)
    const onward = this.#onward(base, byteClass, holding, target)
    const reached = new Set<number>(onward.nodes)
    const ids = new Set<number>(target.ids)
    for (const id of onward.ids) ids.add(id)
    for (const node of others) {
      const step = this.#step(node, byteClass, holding)
      for (const each of step.nodes) if (!target.has.has(each)) reached.add(each)
      for (const id of step.ids) ids.add(id)
    }
    let to = this.#row(target, reached.size === 0 ? [] : [...reached].sort((one, other) => one - other))
    if (ids.size > 0) {
      this.#arrivals.push({ row: to, ids: [...ids] })
      to = 1 - this.#arrivals.length
    }
    this.#next[row + byteClass] = to
    return to
  }

  #base(byteClass: number, before: number, holding: number, kind: number): Base {
    const key = byteClass * 4 + before
    let base = this.#bases.get(key)
    if (base === undefined) {
      const steps = this.#nfa.entries.map((entry) => this.#stepOf(this.#nfa.closure(entry), byteClass, holding))
      const has = new Set(steps.flatMap((each) => each.nodes))
      const ids = [...new Set(steps.flatMap((each) => each.ids))]
      base = { number: this.#bases.size + 1, nodes: [...has], ids, has, before: kind, onward: new Map() }
      this.#bases.set(key, base)
    }
    return base
  }

  /** The step from all nodes of a base, less what the next base has anyway. */
  #onward(base: Base, byteClass: number, holding: number, target: Base): Step {
    const key = byteClass * 64 + holding
    let step = base.onward.get(key)
    if (step === undefined) {
      const nodes = new Set<number>()
      const ids = new Set<number>()
      for (const node of base.nodes) {
        const each = this.#stepOf(this.#nfa.closure(node), byteClass, holding)
        for (const to of each.nodes) if (!target.has.has(to)) nodes.add(to)
        for (const id of each.ids) ids.add(id)
      }
      step = { nodes: [...nodes], ids: [...ids] }
      base.onward.set(key, step)
    }
    return step
  }

  #step(node: number, byteClass: number, holding: number): Step {
    let byClass = this.#steps.get(node)
    if (byClass === undefined) {
      byClass = new Map()
      this.#steps.set(node, byClass)
    }
    const key = byteClass * 64 + holding
    let step = byClass.get(key)
    if (step === undefined) {
      step = this.#stepOf(this.#nfa.closure(node), byteClass, holding)
      byClass.set(key, step)
    }
    return step
  }

  #stepOf(closure: Closure, byteClass: number, holding: number): Step {
    const ids = closure.done.filter((each) => (each.when & ~holding) === 0).map((each) => each.id)
    const nodes: number[] = []
    if (byteClass < this.#width - 1) {
      for (const edge of closure.edges) {
        if ((edge.when & ~holding) !== 0 || !this.#nfa.holds(edge.set, byteClass)) continue
        const { always } = this.#nfa.closure(edge.to)
        if (always.length > 0) ids.push(...always)
        else nodes.push(edge.to)
      }
    }
    return { nodes, ids }
  }
}
