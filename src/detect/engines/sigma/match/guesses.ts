import type { Expression } from '../expression.ts'
import type { SigmaRule } from '../rule.ts'
import { type Announcement, announcementOf, type ConstantLeaf, guessedCost } from './anchors.ts'

/** Fields whose value a class of events may fix: a rule that asks for one is announced differently from class to class. */
const FIXED_BY_CLASS: ReadonlySet<string> = new Set(['EventID', 'Channel'])

/** What announces each rule before any event was seen, worked out once for all classes in which it is the same. */
export class Guesses {
  readonly #known = new Map<SigmaRule, Announcement>()

  constructor(rules: readonly SigmaRule[]) {
    for (const rule of rules) {
      if (!dependsOnClass(rule.expression))
        this.#known.set(
          rule,
          announcementOf(rule.expression, guessedCost, () => undefined),
        )
    }
  }

  of(rule: SigmaRule, constant: ConstantLeaf): Announcement {
    return this.#known.has(rule) ? this.#known.get(rule) : announcementOf(rule.expression, guessedCost, constant)
  }
}

function dependsOnClass(expression: Expression): boolean {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.items.some(dependsOnClass)
    case 'not':
    case 'selection':
      return dependsOnClass(expression.item)
    case 'keyword':
      return true
    case 'test':
      return FIXED_BY_CLASS.has(expression.field)
    default:
      return false
  }
}
