import { isJsonObject, type JsonObject } from '../../../../kernel/json.ts'
import type { Expression } from '../expression.ts'
import { parseDetection } from '../parse/detection.ts'
import type { Placeholders } from '../parse/placeholders.ts'
import { RuleFault } from '../parse/refuse.ts'
import type { LogSource, SigmaRule } from '../rule.ts'
import { formerIds } from './related.ts'
import { logSourceOf } from './rule-info.ts'

/** A filter document: what it excludes, and from which rules. */
export interface SigmaFilter {
  readonly title: string
  /** Ids or names; undefined means every rule of the log source. */
  readonly rules: readonly string[] | undefined
  readonly logsource: LogSource
  readonly expression: Expression
}

const NOT_SELECTIONS: ReadonlySet<string> = new Set(['rules'])

/**
 * Reads a Sigma filter (filters specification 2.1). The specification's own example writes `condition: selection` for what is to be
 * left out, tools in use write `condition: not selection` for what is to be kept: a condition that is one negation is taken as the
 * latter, so that both mean AND NOT selection.
 */
export function parseFilter(document: JsonObject, placeholders: Placeholders): SigmaFilter {
  const filter = document['filter']
  if (!isJsonObject(filter)) throw new RuleFault('filter-missing', "there is no map under 'filter'", ['filter'])
  const { rules } = filter
  const everyRule = rules === undefined || rules === 'any' || (Array.isArray(rules) && rules.length === 0)
  const named = typeof rules === 'string' ? [rules] : rules
  if (!everyRule && !(Array.isArray(named) && named.every((rule) => typeof rule === 'string'))) {
    throw new RuleFault('filter-rules', "'rules' must list ids or names of rules, or be 'any'", ['filter', 'rules'])
  }
  const expression = parseDetection(filter, placeholders, ['filter'], NOT_SELECTIONS)
  return {
    title: typeof document['title'] === 'string' ? document['title'] : 'untitled filter',
    rules: everyRule ? undefined : (named as readonly string[]),
    logsource: logSourceOf(document),
    expression: { kind: 'selection', name: 'filter', item: expression.kind === 'not' ? expression.item : expression },
  }
}

/** True when the filter is meant for the rule: its log source asks for nothing that the rule's does not, and it lists the rule. */
export function filterConcerns(filter: SigmaFilter, rule: SigmaRule): boolean {
  const wanted = filter.logsource
  const source = rule.logsource
  if (wanted.product !== undefined && wanted.product !== source.product) return false
  if (wanted.category !== undefined && wanted.category !== source.category) return false
  if (wanted.service !== undefined && wanted.service !== source.service) return false
  return filter.rules === undefined || filter.rules.some((name) => isCalled(rule, name))
}

/** By its id, its name, or an id that it bore before. */
export function isCalled(rule: SigmaRule, name: string): boolean {
  return rule.info.id === name || rule.name === name || formerIds(rule).includes(name)
}

export function withFilters(rule: SigmaRule, filters: readonly SigmaFilter[]): SigmaRule {
  const concerned = filters.filter((filter) => filterConcerns(filter, rule))
  if (concerned.length === 0) return rule
  const exclusions = concerned.map((filter): Expression => ({ kind: 'not', item: filter.expression }))
  return { ...rule, expression: { kind: 'and', items: [rule.expression, ...exclusions] } }
}
