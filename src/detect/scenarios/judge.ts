import type { RuleInfo } from '../../kernel/detection.ts'
import type { Scenario } from './load.ts'
import type { RunDetail } from './queries.ts'
import type { Result, ScenarioAlert } from './schema.ts'

/** An alert that a scenario raised, by the events behind it. */
export interface RaisedAlert extends ScenarioAlert {
  readonly eventIds: readonly string[]
}

/** One scenario as it was sent: the beginnings of its events' ids, the attack's first, then each near miss's. */
export interface SentScenario {
  readonly scenario: Scenario
  readonly prefixes: readonly string[]
  readonly records: number
}

/** The loaded rule that a scenario names by its file below `detections/` or by its id. */
export function ruleNamed(name: string, rules: readonly RuleInfo[]): RuleInfo | undefined {
  return rules.find((rule) => rule.id === name || rule.file === `detections/${name}.yml`)
}

/**
 * What an execution proves. It passed only if every rule that it names is loaded and alerted on the attack, and none of them
 * on a near miss; a rule that is not there leaves it unknown.
 */
export function judge(
  { scenario, prefixes, records }: SentScenario,
  rules: readonly RuleInfo[],
  alerts: readonly RaisedAlert[],
): { readonly result: Result; readonly detail: RunDetail } {
  const wanted = scenario.rules.map((name) => ({ name, rule: ruleNamed(name, rules) }))
  const on = (part: number): readonly RaisedAlert[] => {
    const prefix = prefixes[part]
    return prefix === undefined ? [] : alerts.filter(({ eventIds }) => eventIds.some((id) => id.startsWith(prefix)))
  }
  const raised = on(0).filter((alert) => wanted.some(({ rule }) => rule?.id === alert.rule))
  const notLoaded = wanted.filter(({ rule }) => rule === undefined).map(({ name }) => name)
  const silent = wanted
    .filter(({ rule }) => rule !== undefined && !raised.some((alert) => alert.rule === rule.id))
    .map(({ name }) => name)
  const loud = scenario.nearMisses.flatMap((_, nearMiss) =>
    on(nearMiss + 1)
      .filter((alert) => wanted.some(({ rule }) => rule?.id === alert.rule))
      .map(({ rule }) => ({ nearMiss, rule })),
  )
  const result = silent.length > 0 || loud.length > 0 ? 'failed' : notLoaded.length > 0 ? 'unknown' : 'passed'
  return {
    result,
    detail: {
      records,
      rules: wanted.flatMap(({ rule }) => (rule === undefined ? [] : [{ rule: rule.id, version: rule.version }])),
      alerts: raised.map(({ eventIds: _, ...alert }) => alert),
      silent,
      notLoaded,
      loud,
      reason: null,
    },
  }
}

/** What is said of a scenario that was not executed to its end. */
export function notExecuted(records: number, reason: string): { readonly result: Result; readonly detail: RunDetail } {
  return { result: 'unknown', detail: { records, rules: [], alerts: [], silent: [], notLoaded: [], loud: [], reason } }
}
