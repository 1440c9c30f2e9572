import { buildTable, type LiteralTable, type NumberedLiteral } from './literal-table.ts'

/**
 * Finds which of many literals occur in a text, whatever their case, in one pass over the unfolded text: the automaton of Aho and
 * Corasick (1975) with all failure links resolved into the table. A negative entry leads to a state where literals end.
 */
export class AhoCorasick {
  readonly #table: LiteralTable

  constructor(literals: readonly NumberedLiteral[]) {
    this.#table = buildTable(literals, false)
    resolveFailures(this.#table)
    markOutputs(this.#table)
  }

  /** Appends the ids of literals that occur among the first `length` units; an id may come more than once. */
  collect(units: Uint16Array, length: number, into: number[]): void {
    const { next, classOf, otherClassOf } = this.#table
    let state = 0
    for (let at = 0; at < length; at += 1) {
      const unit = units[at]!
      state = next[state + (unit < 128 ? classOf[unit]! : (otherClassOf.get(unit) ?? 0))]!
      if (state < 0) {
        state = -state
        this.#report(state, into)
      }
    }
  }

  #report(state: number, into: number[]): void {
    for (const id of this.#table.output[state / this.#table.classes]!) into.push(id)
  }
}

/** Breadth first: the failure state's row fills the gaps of a state's own, and its outputs are inherited. */
function resolveFailures({ next, classes, output }: LiteralTable): void {
  const fail = new Int32Array(output.length)
  const queue = new Int32Array(output.length)
  let tail = 0
  for (let symbol = 0; symbol < classes; symbol += 1) {
    if (next[symbol] !== 0) {
      queue[tail] = next[symbol]!
      tail += 1
    }
  }
  for (let head = 0; head < tail; head += 1) {
    const state = queue[head]!
    const failure = fail[state / classes]!
    const inherited = output[failure / classes]
    if (inherited !== undefined) output[state / classes] = [...(output[state / classes] ?? []), ...inherited]
    for (let symbol = 0; symbol < classes; symbol += 1) {
      const child = next[state + symbol]!
      const viaFailure = next[failure + symbol]!
      if (child === 0) next[state + symbol] = viaFailure
      else {
        fail[child / classes] = viaFailure
        queue[tail] = child
        tail += 1
      }
    }
  }
}

function markOutputs({ next, classes, output }: LiteralTable): void {
  for (let cell = 0; cell < next.length; cell += 1) {
    const state = next[cell]!
    if (state > 0 && output[state / classes] !== undefined) next[cell] = -state
  }
}
