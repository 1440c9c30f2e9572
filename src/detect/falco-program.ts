import type { Refusal, RuleInfo } from '../kernel/detection.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { checkRegex } from '../platform/regex/check.ts'
import { isFalcoDocument } from './engines/falco/load/items.ts'
import { loadFalco } from './engines/falco/load/load.ts'
import { renderOutput } from './engines/falco/output.ts'
import { type FalcoPlan, type FalcoPlans, planFalco } from './engines/falco/plan.ts'
import type { FalcoRule } from './engines/falco/rule.ts'
import { compileSigma, type SigmaMatch, type SigmaProgram } from './engines/sigma/match/program.ts'
import { readPlace } from './engines/sigma/match/read-field.ts'
import type { ListDocument, SigmaRule } from './engines/sigma/rule.ts'

/** Falco's rules, loaded and decided where each runs. */
export interface FalcoRules {
  readonly rules: readonly FalcoRule[]
  readonly plans: FalcoPlans
  readonly refused: readonly Refusal[]
}

/** Loads the documents that are Falco's; other lists are refused, as nobody knows them. */
export function falcoRules(lists: readonly ListDocument[]): FalcoRules {
  const loaded = loadFalco(lists.filter(({ value }) => isFalcoDocument(value)))
  const strays = lists
    .filter(({ value }) => !isFalcoDocument(value))
    .map(
      ({ file, line }): Refusal => ({
        file,
        line,
        code: 'document-type',
        reason: 'the document is neither a map nor a list of Falco rules',
      }),
    )
  const plans = planFalco(loaded.rules, checkRegex)
  const faults = plans.faults.map(
    ({ rule, fault }): Refusal => ({
      file: rule.info.file,
      line: rule.line,
      code: fault.code,
      reason: `${rule.info.title}: ${fault.message}`,
    }),
  )
  const broken = new Set(plans.faults.map(({ rule }) => rule))
  const missing = new Map(plans.notRunnable.map(({ rule, fields }) => [rule, fields]))
  const rules = loaded.rules
    .filter((rule) => !broken.has(rule))
    .map((rule): FalcoRule => ({ ...rule, info: infoOf(rule, missing.get(rule)) }))
  return { rules, plans, refused: [...loaded.refused, ...strays, ...faults] }
}

function infoOf({ info, enabled }: FalcoRule, missing: readonly string[] | undefined): RuleInfo {
  return { ...info, engine: 'falco', ...(missing === undefined ? {} : { missing }), ...(enabled ? {} : { off: true }) }
}

/** One of Falco's rules matched one event. */
export class FalcoMatch {
  readonly info: RuleInfo
  readonly silent = false
  readonly #match: SigmaMatch
  readonly #plan: FalcoPlan
  readonly #rule: FalcoRule
  readonly #doc: JsonObject

  constructor(match: SigmaMatch, plan: FalcoPlan, rule: FalcoRule, doc: JsonObject) {
    this.info = rule.info
    this.#match = match
    this.#plan = plan
    this.#rule = rule
    this.#doc = doc
  }

  /** Why it fired: the tests that held, outside of negations. */
  get conditions(): SigmaMatch['conditions'] {
    return this.#match.conditions.filter(({ expected, modifiers }) => expected !== '' || modifiers[0] === 'exists')
  }

  /** What Falco would print. */
  get output(): string {
    return this.#rendered().text
  }

  /** Dotted path in the event → value: what matched, and what the rule's output shows. */
  get fields(): JsonObject {
    const fields: Record<string, JsonValue> = {}
    for (const [path, value] of Object.entries({ ...this.#match.fields, ...this.#rendered().fields }))
      if (path !== '' && !isJsonObject(value)) fields[path] = value!
    return fields
  }

  #rendered(): ReturnType<typeof renderOutput> {
    return renderOutput(this.#rule.output, this.#plan.eventClass, this.#doc, readPlace)
  }
}

/** Falco's rules over the same matcher as Sigma's: a program for each kind of events, built when its first event comes. */
export class FalcoProgram {
  readonly rules: readonly FalcoRule[]
  readonly #plans: FalcoPlans
  readonly #byId: ReadonlyMap<string, FalcoRule>
  readonly #programs = new Map<FalcoPlan, SigmaProgram>()
  #withheld: ReadonlySet<string> = new Set()

  /** @param runs which rules run; those that the files switch off do not unless it says so. */
  constructor(
    { rules, plans }: Pick<FalcoRules, 'rules' | 'plans'>,
    runs: (rule: FalcoRule) => boolean = ({ enabled }) => enabled,
  ) {
    this.rules = rules.filter(runs)
    this.#plans = plans
    this.#byId = new Map(this.rules.map((rule) => [rule.info.id, rule]))
  }

  match(doc: JsonObject): readonly FalcoMatch[] {
    if (this.rules.length === 0) return []
    const plan = this.#plans.planOf(doc)
    if (plan === undefined) return []
    const matches = (this.#programs.get(plan) ?? this.#build(plan)).match(doc)
    return matches.map((match) => new FalcoMatch(match, plan, this.#byId.get(match.info.id)!, doc))
  }

  /** What each rule that would be evaluated for the event costs by itself. */
  measure(doc: JsonObject, note: (rule: RuleInfo, run: () => boolean) => void): void {
    const plan = this.rules.length === 0 ? undefined : this.#plans.planOf(doc)
    if (plan !== undefined) (this.#programs.get(plan) ?? this.#build(plan)).measure(doc, note)
  }

  /** Rules with these ids, and no others, are left out from now on. */
  withhold(ids: ReadonlySet<string>): void {
    this.#withheld = new Set(ids)
    for (const program of this.#programs.values()) program.withhold(ids)
  }

  #build(plan: FalcoPlan): SigmaProgram {
    const rules = plan.rules.flatMap(({ rule, expression }): SigmaRule[] =>
      this.#byId.has(rule.info.id)
        ? [
            {
              info: rule.info,
              name: rule.info.title,
              logsource: { product: 'falco', service: rule.source },
              expression,
              tests: [],
              related: [],
              line: rule.line,
              document: {},
            },
          ]
        : [],
    )
    const program = compileSigma(rules, { classify: () => plan.eventClass })
    program.withhold(this.#withheld)
    this.#programs.set(plan, program)
    return program
  }
}
