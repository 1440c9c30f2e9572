import type { Refusal } from '../../../../kernel/detection.ts'
import { isJsonObject, type JsonObject } from '../../../../kernel/json.ts'
import { parseDetection } from '../parse/detection.ts'
import { RuleFault } from '../parse/refuse.ts'
import type { CorrelationDocument, ListDocument, LoadedRules, LoadOptions, RuleText, SigmaRule } from '../rule.ts'
import { applyActions } from './collections.ts'
import { readDocuments, type YamlDocument } from './documents.ts'
import { isCalled, parseFilter, type SigmaFilter, withFilters } from './filters.ts'
import { relatedOf, withoutObsolete } from './related.ts'
import { checkedInfo, logSourceOf, nameOf, testsOf, versionOf } from './rule-info.ts'

/**
 * Reads rules, filters and correlations from texts. A document that is not understood completely is refused with file, line, code
 * and reason, and disturbs nothing else. Of two rules with the same id the first stays. Lists are not Sigma's: they are handed on.
 */
export function loadRuleTexts(texts: Iterable<RuleText>, options: LoadOptions = {}): LoadedRules {
  const placeholders = options.placeholders ?? {}
  const rules: SigmaRule[] = []
  const filters: { filter: SigmaFilter; file: string; line: number }[] = []
  const correlations: CorrelationDocument[] = []
  const lists: ListDocument[] = []
  const refused: Refusal[] = []
  const fileOfId = new Map<string, string>()

  const load = (document: JsonObject, source: YamlDocument, file: string) => {
    if (document['correlation'] !== undefined) {
      correlations.push({ doc: document, file, line: source.line, version: versionOf(document), lineOf: source.lineOf })
    } else if (document['filter'] !== undefined) {
      filters.push({ filter: parseFilter(document, placeholders), file, line: source.line })
    } else {
      const info = checkedInfo(document, file, versionOf(document))
      const before = fileOfId.get(info.id)
      if (before !== undefined) throw new RuleFault('id-repeated', `the id ${info.id} is taken by a rule in ${before}`, ['id'])
      const expression = parseDetection(document['detection'], placeholders, ['detection'])
      const logsource = logSourceOf(document)
      rules.push({
        info,
        name: nameOf(document),
        logsource,
        expression,
        tests: testsOf(document),
        related: relatedOf(document),
        line: source.line,
        document,
      })
      fileOfId.set(info.id, file)
    }
  }

  for (const { file, text } of texts) {
    const { documents, faults } = readDocuments(text)
    for (const fault of faults) refused.push({ file, line: fault.line, code: 'yaml', reason: `not valid YAML: ${fault.reason}` })
    const { collected, strays } = applyActions(documents)
    for (const { value, line, lineOf } of strays) {
      if (Array.isArray(value) && value.some(isJsonObject)) lists.push({ value, file, line, lineOf })
      else refused.push({ file, line, code: 'document-type', reason: 'the document is not a map' })
    }
    for (const { value, source } of collected) {
      try {
        load(value, source, file)
      } catch (error) {
        if (!(error instanceof RuleFault)) throw error
        refused.push({ file, line: source.lineOf(error.path), code: error.code, reason: error.message })
      }
    }
  }
  return { rules: applyFilters(withoutObsolete(rules, refused), filters, refused), correlations, lists, refused }
}

/** A filter that names a rule which is not here is harmless; one that concerns no rule at all is reported. */
function applyFilters(
  rules: readonly SigmaRule[],
  filters: readonly { readonly filter: SigmaFilter; readonly file: string; readonly line: number }[],
  refused: Refusal[],
): readonly SigmaRule[] {
  if (filters.length === 0) return rules
  const all = filters.map((each) => each.filter)
  const filtered = rules.map((rule) => withFilters(rule, all))
  for (const { filter, file, line } of filters) {
    const known = filter.rules?.filter((name) => !rules.some((rule) => isCalled(rule, name))) ?? []
    if (filter.rules !== undefined && known.length === filter.rules.length) {
      refused.push({ file, line, code: 'filter-unused', reason: `the filter '${filter.title}' lists no rule that was loaded` })
    }
  }
  return filtered
}
