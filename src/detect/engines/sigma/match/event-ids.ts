import type { Expression } from '../expression.ts'
import type { SigmaRule } from '../rule.ts'

/** The EventIDs of which an event must have one for the expression to hold, or undefined when it may hold for any. */
export function necessaryEventIds(expression: Expression): ReadonlySet<string> | undefined {
  switch (expression.kind) {
    case 'selection':
      return necessaryEventIds(expression.item)
    case 'and': {
      const sets = expression.items.flatMap((item) => necessaryEventIds(item) ?? [])
      return sets.length === 0 ? undefined : sets.reduce((one, other) => one.intersection(other))
    }
    case 'or': {
      const union = new Set<string>()
      for (const item of expression.items) {
        const set = necessaryEventIds(item)
        if (set === undefined) return undefined
        for (const id of set) union.add(id)
      }
      return union
    }
    case 'test': {
      const { field, test } = expression
      return field === 'EventID' && test.kind === 'literal' && test.how === 'exact' ? new Set([test.text]) : undefined
    }
    default:
      return undefined
  }
}

/** Rules by the EventIDs that they need, so that a class of events is only offered those that it could meet. */
export class RulesByEventId {
  readonly #byId = new Map<string, SigmaRule[]>()
  readonly #ofAny: SigmaRule[] = []
  readonly #all: readonly SigmaRule[]

  constructor(rules: readonly SigmaRule[]) {
    this.#all = rules
    for (const rule of rules) {
      const ids = necessaryEventIds(rule.expression)
      if (ids === undefined) this.#ofAny.push(rule)
      for (const id of ids ?? []) {
        const known = this.#byId.get(id)
        if (known === undefined) this.#byId.set(id, [rule])
        else known.push(rule)
      }
    }
  }

  /** Rules that an event with this id (undefined: unknown or varying) could match. */
  of(id: string | undefined): readonly SigmaRule[] {
    return id === undefined ? this.#all : [...this.#ofAny, ...(this.#byId.get(id) ?? [])]
  }
}
