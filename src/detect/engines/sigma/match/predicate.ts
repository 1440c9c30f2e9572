import { fold } from '../../../../platform/text/fold.ts'
import type { FieldTest, LiteralKind } from '../expression.ts'
import { relates } from './evaluate.ts'
import type { EventAtHand } from './event-at-hand.ts'
import { EMPTY, MANY, MISSING, ONE, type Slot } from './slot.ts'
import { type TextTest, textTest } from './text-test.ts'

/** One question about one field, shared by all rules of a bucket that ask it and answered at most once an event. */
export class Predicate {
  readonly test: FieldTest
  readonly slot: Slot
  readonly #other: Slot | undefined
  /** Made when a value comes that is not compared in place: most predicates never see one. */
  #textTest: TextTest | undefined | 'unmade' = 'unmade'
  /** A folded literal, the commonest test, is compared in place. */
  readonly #how: LiteralKind | undefined
  readonly #literal: string
  #stamp = 0
  #holds = false

  constructor(test: FieldTest, slot: Slot, other: Slot | undefined) {
    this.test = test
    this.slot = slot
    this.#other = other
    const plain = test.kind === 'literal' && !test.cased
    this.#how = plain ? test.how : undefined
    this.#literal = plain ? test.text : ''
  }

  holds(event: EventAtHand): boolean {
    if (this.#stamp !== event.stamp) {
      this.#stamp = event.stamp
      this.slot.load(event)
      this.#holds = this.slot.state === ONE && this.#how !== undefined ? this.#compare(this.#how) : this.#compute(event)
    }
    return this.#holds
  }

  #compare(how: LiteralKind): boolean {
    const { slot } = this
    const literal = this.#literal
    // Folding keeps the length: most exact comparisons end here.
    if (slot.text.length < literal.length) return false
    switch (how) {
      case 'exact':
        return slot.text.length === literal.length && slot.folded() === literal
      case 'prefix':
        return slot.folded().startsWith(literal)
      case 'suffix':
        return slot.folded().endsWith(literal)
      case 'contains':
        return slot.folded().includes(literal)
    }
  }

  #compute(event: EventAtHand): boolean {
    const { slot, test } = this
    if (this.#textTest === 'unmade') this.#textTest = textTest(test)
    const run = this.#textTest
    if (run !== undefined) {
      if (slot.state === ONE) return run(slot.text, slot.folded)
      return slot.state === MANY && slot.texts.some((text) => run(text, () => fold(text)))
    }
    switch (test.kind) {
      case 'exists':
        return (slot.state !== MISSING) === test.expected
      case 'null':
        return slot.state === MISSING || slot.state === EMPTY
      case 'valued':
        return slot.state === ONE || slot.state === MANY
      case 'field':
        this.#other!.load(event)
        return relates(slot.all(), this.#other!.all(), test.how, test.cased)
      default:
        return false
    }
  }
}
