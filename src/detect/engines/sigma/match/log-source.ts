import type { LogSource, SigmaRule } from '../rule.ts'
import type { EventClass } from '../shapes/event-class.ts'
import { RulesByEventId } from './event-ids.ts'

/** Rules of one log source. */
export interface SourceGroup {
  readonly source: LogSource
  readonly rules: RulesByEventId
}

export function groupBySource(rules: readonly SigmaRule[]): SourceGroup[] {
  const groups = new Map<string, { source: LogSource; rules: SigmaRule[] }>()
  for (const rule of rules) {
    const { product, category, service } = rule.logsource
    const key = JSON.stringify([product, category, service])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { source: rule.logsource, rules: [rule] })
    else group.rules.push(rule)
  }
  return [...groups.values()].map((group) => ({ source: group.source, rules: new RulesByEventId(group.rules) }))
}

/**
 * Whether rules of the log source look at events of the class. What the rule leaves out matches anything; what the event's source leaves
 * open does not match a rule that asks for it. A class of unknown product takes every rule.
 */
export function sourceConcerns(source: LogSource, eventClass: EventClass): boolean {
  if (eventClass.product === undefined) return true
  if (source.product !== undefined && eventClass.product !== '' && source.product !== eventClass.product) return false
  if (source.category !== undefined && !eventClass.categories.includes(source.category)) return false
  if (source.service !== undefined && !eventClass.services.includes(source.service)) return false
  return true
}

/** Whether a rule is of the kind asked for: `--where product=windows`. */
export function sourceIs(source: LogSource, where: LogSource): boolean {
  return (
    (where.product === undefined || where.product === source.product) &&
    (where.category === undefined || where.category === source.category) &&
    (where.service === undefined || where.service === source.service)
  )
}
