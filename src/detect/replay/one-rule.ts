import { isJsonObject, type JsonValue } from '../../kernel/json.ts'
import { loadRuleFiles } from '../engines/sigma/load/read-files.ts'
import { readPipelines } from '../engines/sigma/pipelines/read.ts'
import type { CorrelationDocument } from '../engines/sigma/rule.ts'
import { type RuleSet, ruleSetOf } from '../rule-set.ts'
import { withParts } from '../rule-test.ts'

/** One rule with what it is built on, and nothing else; undefined where no such rule loads. Others may be reported beside it. */
export function oneRule(paths: readonly string[], pipelinePaths: readonly string[], id: string): RuleSet | undefined {
  const { pipelines } = readPipelines(pipelinePaths)
  const loaded = loadRuleFiles(paths, { placeholders: pipelines.placeholders })
  const plain = loaded.rules.filter((rule) => rule.info.id === id)
  const correlation = loaded.correlations.find(({ doc }) => doc['id'] === id)
  const parts = correlation === undefined ? [] : [...withParts(correlation, loaded.correlations)]
  const named = new Set(parts.flatMap(referencesOf))
  const set = ruleSetOf(
    {
      rules: correlation === undefined ? plain : loaded.rules.filter(({ info, name }) => named.has(info.id) || named.has(name)),
      correlations: parts,
      // Falco's rules stand on macros and lists of the same documents: they stay together.
      lists: plain.length === 0 && correlation === undefined ? loaded.lists : [],
      refused: [],
    },
    pipelines,
  )
  return set.rules.some((rule) => rule.id === id) ? set : undefined
}

function referencesOf({ doc }: CorrelationDocument): readonly unknown[] {
  const section = doc['correlation']
  if (!isJsonObject(section)) return []
  const { rules, condition } = section
  if (Array.isArray(rules)) return rules as readonly JsonValue[]
  if (typeof rules === 'string') return [rules]
  return typeof condition === 'string' ? condition.split(/[\s()]+/) : []
}
