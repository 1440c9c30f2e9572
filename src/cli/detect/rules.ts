import { loadRuleFiles } from '../../detect/engines/sigma/load/read-files.ts'
import { sourceIs } from '../../detect/engines/sigma/match/log-source.ts'
import type { Pipelines } from '../../detect/engines/sigma/pipelines/pipelines.ts'
import { readPipelines } from '../../detect/engines/sigma/pipelines/read.ts'
import type { CorrelationDocument, SigmaRule } from '../../detect/engines/sigma/rule.ts'
import { type FalcoRules, falcoRules } from '../../detect/falco-program.ts'
import { LEVELS, type Level, type Refusal } from '../../kernel/detection.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { isJsonObject } from '../../kernel/json.ts'
import type { DetectOptions } from './options.ts'

/** What a thread needs to load the same rules as the others. */
export type RuleChoice = Pick<DetectOptions, 'rules' | 'where' | 'pipelines' | 'placeholders' | 'level'>

export interface ChosenRules {
  readonly rules: readonly SigmaRule[]
  readonly correlations: readonly CorrelationDocument[]
  readonly falco: FalcoRules
  readonly pipelines: Pipelines
  readonly refused: readonly Refusal[]
}

/**
 * Loads the rules that the options ask for. A rule below `level` stays when a correlation is built on it (reportedLevel keeps it from
 * being printed); a correlation goes when `where` takes away a rule that it is built on.
 */
export function chooseRules(choice: RuleChoice): ChosenRules {
  const { where } = choice
  const isReported = reportedLevel(choice.level)
  const { pipelines, refused: faults } = readPipelines(choice.pipelines)
  const loaded = loadRuleFiles(choice.rules, { placeholders: { ...pipelines.placeholders, ...choice.placeholders } })
  const falco = falcoRules(loaded.lists)
  const here = loaded.rules.filter((rule) => where === undefined || sourceIs(rule.logsource, where))
  const kept = new Set(here)
  const elsewhere = loaded.rules.filter((rule) => !kept.has(rule))
  const correlations = withoutParts(
    loaded.correlations,
    new Set(elsewhere.flatMap(({ info, name }) => [info.id, name ?? info.id])),
  )
  const parts = new Set(correlations.flatMap(partsOf))
  return {
    rules: here.filter(
      ({ info, name }) => isReported(info.level) || parts.has(info.id) || (name !== undefined && parts.has(name)),
    ),
    correlations,
    falco: {
      ...falco,
      rules: falco.rules.filter(
        ({ info, source }) =>
          isReported(info.level) && (where === undefined || sourceIs({ product: 'falco', service: source }, where)),
      ),
    },
    pipelines,
    refused: [...faults, ...loaded.refused, ...falco.refused],
  }
}

/** Which levels `--level` reports. Throws `usage`. */
export function reportedLevel(level: string | undefined): (level: Level) => boolean {
  const lowest = level === undefined ? 0 : (LEVELS as readonly string[]).indexOf(level)
  if (lowest < 0) throw new KanpekiError('usage', `--level ${level} is not one of ${LEVELS.join(', ')}.`)
  return (each) => LEVELS.indexOf(each) >= lowest
}

/** Leaves out correlations that are built on any of these names, and those that are built on them in turn. */
function withoutParts(correlations: readonly CorrelationDocument[], gone: ReadonlySet<string>): readonly CorrelationDocument[] {
  const left = correlations.filter((each) => !partsOf(each).some((part) => gone.has(part)))
  if (left.length === correlations.length) return left
  const names = correlations.filter((each) => !left.includes(each)).flatMap(({ doc }) => [doc['id'], doc['name']])
  return withoutParts(left, new Set(names.filter((name) => typeof name === 'string')))
}

/**
 * The ids or names under a correlation's `rules`, or in its condition where that alone names them (an operator among them does no harm);
 * whether they are sound is for the correlation engine to say.
 */
function partsOf({ doc }: CorrelationDocument): readonly string[] {
  const correlation = doc['correlation']
  if (!isJsonObject(correlation)) return []
  const { rules, condition } = correlation
  if (rules === undefined) return typeof condition === 'string' ? condition.split(/[\s()]+/) : []
  return (Array.isArray(rules) ? rules : [rules]).filter((rule) => typeof rule === 'string')
}
