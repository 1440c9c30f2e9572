import type { FieldTest } from '../expression.ts'
import { relates } from './evaluate.ts'
import { fold } from './fold.ts'
import { EMPTY, MANY, MISSING, ONE, type Slot } from './slot.ts'
import { type TextTest, textTest } from './text-test.ts'

/** The event at hand: a stamp that grows with each event makes memos stale without clearing them. */
export interface Current {
  doc: import('../../../../kernel/json.ts').JsonObject
  stamp: number
}

/** One question about one field, shared by all rules of a bucket that ask it and answered at most once an event. */
export class Predicate {
  readonly test: FieldTest
  readonly slot: Slot
  readonly #other: Slot | undefined
  readonly #textTest: TextTest | undefined
  readonly #folds: boolean
  #stamp = 0
  #holds = false

  constructor(test: FieldTest, slot: Slot, other: Slot | undefined) {
    this.test = test
    this.slot = slot
    this.#other = other
    this.#textTest = textTest(test)
    this.#folds = (test.kind === 'literal' || test.kind === 'glob') && !test.cased
  }

  holds(current: Current): boolean {
    if (this.#stamp !== current.stamp) {
      this.#stamp = current.stamp
      this.slot.load(current.doc, current.stamp)
      this.#holds = this.#compute(current)
    }
    return this.#holds
  }

  #compute(current: Current): boolean {
    const { slot, test } = this
    const textTest = this.#textTest
    if (textTest !== undefined) {
      if (slot.state === ONE) return textTest(slot.text, this.#folds ? slot.folded() : slot.text)
      return slot.state === MANY && slot.texts.some((text) => textTest(text, this.#folds ? fold(text) : text))
    }
    switch (test.kind) {
      case 'exists':
        return (slot.state !== MISSING) === test.expected
      case 'null':
        return slot.state === MISSING || slot.state === EMPTY
      case 'valued':
        return slot.state === ONE || slot.state === MANY
      case 'field':
        this.#other!.load(current.doc, current.stamp)
        return relates(slot.all(), this.#other!.all(), test.how, test.cased)
      default:
        return false
    }
  }
}
