import type { JsonObject } from '../../../../kernel/json.ts'
import { loadRuleTexts } from '../load/load.ts'
import { evaluate } from '../match/evaluate.ts'
import { compileSigma, type SigmaProgram } from '../match/program.ts'
import type { LoadedRules, LogSource, SigmaRule } from '../rule.ts'
import { classifier } from '../shapes/registry.ts'

/** The source of events in tests that are about matching, not about sources. */
export const TEST_SOURCE: LogSource = { product: 'test' }

/** Loads one rule whose detection is given as YAML, indented by two. */
export function loadDetection(detection: string): LoadedRules {
  const text = `title: Test\nid: test-rule\nlogsource:\n  product: test\ndetection:\n${detection.replace(/^(?=.)/gm, '  ')}\n`
  return loadRuleTexts([{ file: 'test.yml', text }])
}

export function ruleOf(detection: string): SigmaRule {
  const { rules, refused } = loadDetection(detection)
  const [rule] = rules
  if (rule === undefined) throw new Error(`the rule was refused: ${JSON.stringify(refused)}`)
  return rule
}

/** Whether the detection matches, when the compiled matcher and the plain evaluation agree; throws when they do not. */
export function matches(detection: string, doc: JsonObject): boolean {
  const rule = ruleOf(detection)
  const program = testProgram([rule])
  const compiled = program.match(doc).length > 0
  const plain = plainMatch(rule, doc)
  if (compiled !== plain) throw new Error(`compiled says ${compiled}, plain evaluation ${plain}`)
  return compiled
}

export function testProgram(rules: readonly SigmaRule[]): SigmaProgram {
  return compileSigma(rules, { assume: TEST_SOURCE })
}

const classify = classifier(TEST_SOURCE)

export function plainMatch(rule: SigmaRule, doc: JsonObject): boolean {
  return evaluate(rule.expression, { doc, eventClass: classify(doc), category: rule.logsource.category })
}
