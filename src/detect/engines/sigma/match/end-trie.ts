import { buildTable, classOfUnit, type LiteralTable, type NumberedLiteral } from './literal-table.ts'

/** Finds the literals that a text begins with, or ends with, whatever their case. It looks no further than the literals reach. */
export class EndTrie {
  readonly #table: LiteralTable
  readonly #backwards: boolean
  /** By id: the literal must be the whole text. */
  readonly #whole: ReadonlySet<number>
  readonly #tags: readonly number[]

  /** `literals[i].id` is reported; where `whole[i]`, only for the text as a whole. */
  constructor(literals: readonly (NumberedLiteral & { readonly whole: boolean })[], backwards: boolean) {
    this.#backwards = backwards
    this.#tags = literals.map((literal) => literal.id)
    this.#whole = new Set(literals.flatMap((literal, index) => (literal.whole ? [index] : [])))
    this.#table = buildTable(
      literals.map(({ text }, index) => ({ text, id: index })),
      backwards,
    )
  }

  collect(text: string, into: number[]): void {
    const { next, output, classes } = this.#table
    const { length } = text
    let state = 0
    for (let step = 0; ; step += 1) {
      const ids = output[state / classes]
      if (ids !== undefined) this.#report(ids, step === length, into)
      if (step === length) return
      state = next[state + classOfUnit(this.#table, text.charCodeAt(this.#backwards ? length - 1 - step : step))]!
      if (state === 0) return
    }
  }

  #report(indexes: readonly number[], isWhole: boolean, into: number[]): void {
    for (const index of indexes) if (isWhole || !this.#whole.has(index)) into.push(this.#tags[index]!)
  }
}
