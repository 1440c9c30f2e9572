import type { RuleInfo } from '../kernel/detection.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import { type CompileOptions, compileSigma, type SigmaMatch, type SigmaProgram } from './engines/sigma/match/program.ts'
import type { SigmaRule } from './engines/sigma/rule.ts'
import { type FalcoMatch, FalcoProgram, type FalcoRules } from './falco-program.ts'
import type { JsonScan } from './scan/json-scan.ts'

export type RuleMatch = SigmaMatch | FalcoMatch

/** Rules of every language over single events. Not re-entrant: one program a thread. */
export class RuleProgram {
  /** What can be reported, in a fixed order. */
  readonly rules: readonly RuleInfo[]
  readonly #sigma: SigmaProgram
  readonly #falco: FalcoProgram | undefined

  constructor(sigma: readonly SigmaRule[], falco: Pick<FalcoRules, 'rules' | 'plans'>, options: CompileOptions = {}) {
    this.#sigma = compileSigma(sigma, options)
    this.#falco = falco.rules.length === 0 ? undefined : new FalcoProgram(falco)
    this.rules = [...this.#sigma.rules.map(({ info }) => info), ...falco.rules.map(({ info }) => info)]
  }

  /** What `matchScan` reads events from. */
  get scan(): JsonScan {
    return this.#sigma.scan
  }

  /** @param text the document as JSON.stringify writes it, as UTF-8, where it is at hand. */
  match(doc: JsonObject, text?: Uint8Array): readonly RuleMatch[] {
    return this.#withFalco(this.#sigma.match(doc, text), () => doc)
  }

  /** Like `match`, of the event that `scan` has read: it becomes a document only where a rule needs that. */
  matchScan(): readonly RuleMatch[] {
    return this.#withFalco(this.#sigma.matchScan(), () => this.scan.doc())
  }

  #withFalco(sigma: readonly SigmaMatch[], doc: () => JsonObject): readonly RuleMatch[] {
    if (this.#falco === undefined) return sigma
    const falco = this.#falco.match(doc())
    return falco.length === 0 ? sigma : [...sigma, ...falco]
  }

  /** What each rule that would be evaluated for the event costs by itself. */
  measure(doc: JsonObject, note: (rule: RuleInfo, run: () => boolean) => void): void {
    this.#sigma.measure(doc, note)
    this.#falco?.measure(doc, note)
  }

  /** Rules with these ids, and no others, are left out from now on. */
  withhold(ids: ReadonlySet<string>): void {
    this.#sigma.withhold(ids)
    this.#falco?.withhold(ids)
  }

  /** Reads a field as the Sigma rule with this id names it: what correlations group by. */
  read(doc: JsonObject, field: string, ruleId: string): JsonValue | undefined {
    return this.#sigma.read(doc, field, ruleId)
  }
}
