import { FOLDED_UNITS, unitsFoldingTo } from './fold.ts'

/** A literal with the id that is reported when it is met. Texts are folded and fold by unit (fold.ts). */
export interface NumberedLiteral {
  readonly text: string
  readonly id: number
}

const DIRECT = 128

/**
 * The trie of some literals as one table of states × character classes. Units that no literal uses share class 0, which leads nowhere;
 * both cases of a letter share a class, so that texts are walked as they stand.
 */
export interface LiteralTable {
  /** Class of each ASCII unit. */
  readonly classOf: Uint16Array
  /** Class of the other units that the literals use. */
  readonly otherClassOf: ReadonlyMap<number, number>
  readonly classes: number
  /** Next state times `classes`; 0 is the root and "nowhere". */
  readonly next: Int32Array
  /** By state: ids of the literals that end there. */
  readonly output: (number[] | undefined)[]
}

export function classOfUnit(table: LiteralTable, unit: number): number {
  return unit < DIRECT ? table.classOf[unit]! : (table.otherClassOf.get(unit) ?? 0)
}

export function buildTable(literals: readonly NumberedLiteral[], backwards: boolean): LiteralTable {
  const { classOf, otherClassOf, classes } = classesOf(literals)
  const bound = literals.reduce((sum, literal) => sum + literal.text.length, 1)
  let next = new Int32Array(Math.min(bound, 256) * classes)
  const output: (number[] | undefined)[] = [undefined]
  for (const { text, id } of literals) {
    let state = 0
    for (let step = 0; step < text.length; step += 1) {
      const unit = text.charCodeAt(backwards ? text.length - 1 - step : step)
      const cell = state + (unit < DIRECT ? classOf[unit]! : otherClassOf.get(unit)!)
      if (next[cell] === 0) {
        const made = output.length * classes
        if (made >= next.length) next = grown(next)
        next[cell] = made
        output.push(undefined)
      }
      state = next[cell]!
    }
    const index = state / classes
    const ids = output[index]
    if (ids === undefined) output[index] = [id]
    else ids.push(id)
  }
  return { classOf, otherClassOf, classes, next: next.subarray(0, output.length * classes), output }
}

function grown(table: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(table.length * 2)
  larger.set(table)
  return larger
}

function classesOf(literals: readonly NumberedLiteral[]) {
  const classOf = new Uint16Array(DIRECT)
  const otherClassOf = new Map<number, number>()
  const known = new Set<number>()
  for (const { text } of literals) {
    for (let at = 0; at < text.length; at += 1) {
      const folded = FOLDED_UNITS[text.charCodeAt(at)]!
      if (known.has(folded)) continue
      known.add(folded)
      for (const unit of unitsFoldingTo(folded)) {
        if (unit < DIRECT) classOf[unit] = known.size
        else otherClassOf.set(unit, known.size)
      }
    }
  }
  return { classOf, otherClassOf, classes: known.size + 1 }
}
