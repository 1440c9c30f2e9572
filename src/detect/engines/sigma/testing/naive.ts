import type { JsonObject } from '../../../../kernel/json.ts'
import { type Expression, NEVER } from '../expression.ts'
import { evaluate, type MatchedTest } from '../match/evaluate.ts'
import { sourceConcerns } from '../match/log-source.ts'
import type { SigmaRule } from '../rule.ts'
import type { EventClass } from '../shapes/event-class.ts'

/** The rules that match by the letter: each rule of the event's log source, leaf by leaf, with no index and no memory. */
export function naiveMatches(rules: readonly SigmaRule[], doc: JsonObject, eventClass: EventClass): SigmaRule[] {
  return rules.filter((rule) => {
    if (!sourceConcerns(rule.logsource, eventClass)) return false
    const held: MatchedTest[] = []
    const event = { doc, eventClass, category: rule.logsource.category }
    if (!evaluate(withinClass(rule.expression, eventClass), event, held)) return false
    // In an event of unknown source something must be there that the rule asks for.
    return eventClass.product !== undefined || held.some(({ value }) => value !== null)
  })
}

/** Words of one particular log mean nothing in an event whose source is not known: keywords are false there. */
function withinClass(expression: Expression, eventClass: EventClass): Expression {
  if (eventClass.product !== undefined) return expression
  switch (expression.kind) {
    case 'keyword':
      return NEVER
    case 'selection':
    case 'not':
      return { ...expression, item: withinClass(expression.item, eventClass) }
    case 'and':
    case 'or':
      return { ...expression, items: expression.items.map((item) => withinClass(item, eventClass)) }
    default:
      return expression
  }
}
