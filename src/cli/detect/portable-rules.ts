import type { Expression, WrittenTest } from '../../detect/engines/sigma/expression.ts'
import type { SigmaRule } from '../../detect/engines/sigma/rule.ts'

const UNSAID: WrittenTest = { modifiers: [], value: '' }

/** The rules with what a thread needs that only says which of them matched, and in which fields: a third of what they hold. */
export function portableRules(rules: readonly SigmaRule[]): SigmaRule[] {
  return rules.map((rule) => ({ ...rule, expression: portable(rule.expression), tests: [], related: [], document: {} }))
}

function portable(expression: Expression): Expression {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return { kind: expression.kind, items: expression.items.map(portable) }
    case 'not':
      return { kind: 'not', item: portable(expression.item) }
    case 'selection':
      return { kind: 'selection', name: expression.name, item: portable(expression.item) }
    case 'constant':
      return expression
    default:
      return { ...expression, written: UNSAID }
  }
}
