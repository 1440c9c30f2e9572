import type { Refusal } from '../../../../kernel/detection.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { RuleFault } from '../parse/refuse.ts'
import type { RelatedRule, SigmaRule } from '../rule.ts'

export const RELATIONS = ['derived', 'obsolete', 'merged', 'renamed', 'similar'] as const

/** A rule's `related` (rules specification 2.1, "Identification"). `obsoletes` is an older spelling of `obsolete`. */
export function relatedOf(document: JsonObject): readonly RelatedRule[] {
  const { related } = document
  if (related === undefined || related === null) return []
  if (!Array.isArray(related)) throw new RuleFault('related-type', "'related' must be a list", ['related'])
  return related.map((entry: JsonValue, index): RelatedRule => {
    const at = ['related', index]
    if (!isJsonObject(entry)) throw new RuleFault('related-type', "each of 'related' needs an id and a type", at)
    const { id, type } = entry
    const known = RELATIONS.find((each) => each === (type === 'obsoletes' ? 'obsolete' : type))
    if (typeof id !== 'string' || known === undefined)
      throw new RuleFault('related-type', `each of 'related' needs an id and a type, one of ${RELATIONS.join(', ')}`, at)
    return { id, type: known }
  })
}

/** Ids that the rule bore before: who refers to one of them means this rule. */
export function formerIds(rule: SigmaRule): readonly string[] {
  return rule.related.filter(({ type }) => type === 'renamed').map(({ id }) => id)
}

/**
 * Leaves out rules that another loaded rule makes obsolete, each with a refusal that says by which. Two rules that make each other obsolete
 * both stay: neither may silence the other.
 */
export function withoutObsolete(rules: readonly SigmaRule[], refused: Refusal[]): readonly SigmaRule[] {
  const replacedBy = new Map<string, SigmaRule>()
  for (const rule of rules)
    for (const { type, id } of rule.related) if (type === 'obsolete' && id !== rule.info.id) replacedBy.set(id, rule)
  if (replacedBy.size === 0) return rules
  return rules.filter((rule) => {
    const by = replacedBy.get(rule.info.id)
    if (by === undefined || replacedBy.get(by.info.id) === rule) return true
    const reason = `'${by.info.title}' (${by.info.id}) in ${by.info.file} makes this rule obsolete`
    refused.push({ file: rule.info.file, line: rule.line, code: 'obsolete', reason })
    return false
  })
}
