import { loadRuleFiles } from '../../detect/engines/sigma/load/read-files.ts'
import { sourceIs } from '../../detect/engines/sigma/match/log-source.ts'
import type { CorrelationDocument, SigmaRule } from '../../detect/engines/sigma/rule.ts'
import { LEVELS, type Refusal } from '../../kernel/detection.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { DetectOptions } from './options.ts'

/** What a thread needs to load the same rules as the others. */
export type RuleChoice = Pick<DetectOptions, 'rules' | 'where' | 'placeholders' | 'level'>

export interface ChosenRules {
  readonly rules: readonly SigmaRule[]
  readonly correlations: readonly CorrelationDocument[]
  readonly refused: readonly Refusal[]
}

/** Loads the rules that the options ask for. */
export function chooseRules(choice: RuleChoice): ChosenRules {
  const { where, level } = choice
  const lowest = level === undefined ? 0 : (LEVELS as readonly string[]).indexOf(level)
  if (lowest < 0) throw new KanpekiError('usage', `--level ${level} is not one of ${LEVELS.join(', ')}.`)
  const loaded = loadRuleFiles(choice.rules, { placeholders: choice.placeholders })
  return {
    rules: loaded.rules.filter(
      (rule) => (where === undefined || sourceIs(rule.logsource, where)) && LEVELS.indexOf(rule.info.level) >= lowest,
    ),
    correlations: loaded.correlations,
    refused: loaded.refused,
  }
}
