import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { RuleInfo } from '../kernel/detection.ts'
import type { JsonObject } from '../kernel/json.ts'
import { loadRuleFiles } from './engines/sigma/load/read-files.ts'
import { ruleSetOf } from './rule-set.ts'
import { packedTests } from './rule-test.ts'

export interface RuleSource {
  readonly text: string
  readonly tests: readonly { readonly name: string; readonly match: boolean; readonly passes: boolean }[]
  /** Runs the rule alone over documents; undefined for a correlation, which is nothing alone. */
  readonly run: ((docs: readonly JsonObject[]) => RuleCost) | undefined
}

export interface RuleCost {
  /** For one event, of this process's time. */
  readonly microseconds: number
  readonly events: number
  readonly matches: number
}

/**
 * A rule as its file has it now, or undefined where the file is gone or holds another version of it than the one given:
 * then nothing that is said of the text would be true of the rule that runs.
 */
export function readRuleSource(path: string, rule: RuleInfo): RuleSource | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  const alone = loadRuleFiles([path])
  const own = alone.rules.find(({ info }) => info.id === rule.id && info.version === rule.version)
  const correlation = alone.correlations.find(({ doc, version }) => doc['id'] === rule.id && version === rule.version)
  if (own === undefined && correlation === undefined) return undefined
  // What a correlation stands on lies beside it.
  const loaded = correlation === undefined ? alone : loadRuleFiles([dirname(path)])
  const tests = packedTests(loaded)
    .filter((one) => one.rule === rule.id)
    .map(({ test, fires }) => ({ name: test.name, match: test.match, passes: fires() === test.match }))
  if (own === undefined) return { text, tests, run: undefined }
  const set = ruleSetOf({ ...alone, rules: [own], correlations: [], lists: [], refused: [] })
  return { text, tests, run: (docs) => costOf(set, docs) }
}

/** Events that are looked at, the same ones again and again where there are few, so that the clock can tell. */
const EVENTS_TIMED = 20_000

function costOf(set: ReturnType<typeof ruleSetOf>, docs: readonly JsonObject[]): RuleCost {
  const events = docs.map((doc, index) => ({ id: String(index), doc }))
  const matches = set.match(events).filter((found) => found.length > 0).length
  const passes = Math.ceil(EVENTS_TIMED / events.length)
  // The first passes compile and warm up: they do not count.
  for (let pass = 0; pass < passes / 4; pass++) set.match(events)
  const started = performance.now()
  for (let pass = 0; pass < passes; pass++) set.match(events)
  const microseconds = ((performance.now() - started) * 1000) / (passes * events.length)
  return { microseconds: Math.round(microseconds * 1000) / 1000, events: events.length, matches }
}
