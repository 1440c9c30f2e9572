import { allRegexLiterals } from '../../../../platform/regex/literals.ts'
import { fold } from '../../../../platform/text/fold.ts'
import type { JsonScan } from '../../../scan/json-scan.ts'
import type { FieldTest, LiteralKind } from '../expression.ts'
import { relates } from './evaluate.ts'
import type { EventAtHand } from './event-at-hand.ts'
import { ABSENT, IN_DOCUMENT } from './scan-reader.ts'
import { ScannedLiteral, ScannedRequirements } from './scanned-literal.ts'
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
  #scanned: ScannedLiteral | undefined
  /** Of a regular expression: what a text must hold before it is asked. */
  #required: ScannedRequirements | undefined
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
      this.#holds = this.#ask(event)
    }
    return this.#holds
  }

  #ask(event: EventAtHand): boolean {
    const { slot } = this
    const { scan } = event
    if (scan !== undefined) {
      const path = slot.pathIn(event, scan)
      const told = path === IN_DOCUMENT ? undefined : this.#inBytes(scan, path)
      if (told !== undefined) return told
    }
    slot.load(event)
    return slot.state === ONE && this.#how !== undefined ? this.#compare(this.#how) : this.#compute(event)
  }

  /** The answer without the value, where it stands as text at the path or is missing; undefined when it takes the value. */
  #inBytes(scan: JsonScan, path: number): boolean | undefined {
    const { test } = this
    switch (test.kind) {
      case 'exists':
        return (path !== ABSENT) === test.expected
      case 'null':
        return path === ABSENT
      case 'valued':
        return path !== ABSENT
      case 'field':
        return undefined
      default:
        if (path === ABSENT) return false
        if (test.kind === 'regex') {
          this.#required ??= new ScannedRequirements(allRegexLiterals(test))
          return this.#required.canHold(scan, path) ? undefined : false
        }
        if (this.#how === undefined) return undefined
        this.#scanned ??= new ScannedLiteral(this.#literal, this.#how)
        return this.#scanned.holds(scan, path)
    }
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
