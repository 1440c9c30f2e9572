import type { Refusal, RuleInfo } from '../../../kernel/detection.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { Expression } from './expression.ts'

/** Where a rule's events come from; an absent attribute means "any". Lower case, as Sigma writes them. */
export interface LogSource {
  readonly product?: string
  readonly category?: string
  readonly service?: string
}

/** A test that a rule of our own pack carries under `tests:`. The matcher ignores it; `kanpeki` and the pack's suite run it. */
export interface RuleTest {
  readonly name: string
  readonly match: boolean
  /** At least one event; `event:` is a list of one. */
  readonly events: readonly JsonObject[]
}

/** What a rule says of another, as `related` lists it. */
export interface RelatedRule {
  readonly id: string
  readonly type: 'derived' | 'obsolete' | 'merged' | 'renamed' | 'similar'
}

/** A Sigma rule that was understood completely. */
export interface SigmaRule {
  readonly info: RuleInfo
  /** The spec's `name`: what correlations and filters may call the rule by. */
  readonly name: string | undefined
  readonly logsource: LogSource
  /** The condition over its selections, modifiers applied, filters merged in. */
  readonly expression: Expression
  readonly tests: readonly RuleTest[]
  readonly related: readonly RelatedRule[]
  /** Line of the document in its file, 1-based. */
  readonly line: number
  /** The document as written (after `action: global` was merged), for what the console shows: references, falsepositives, author … */
  readonly document: JsonObject
}

/** A `correlation:` document, recognised and handed on as it is to the correlation engine. */
export interface CorrelationDocument {
  readonly doc: JsonObject
  readonly file: string
  readonly line: number
  /** Hash of the document, as in RuleInfo.version. */
  readonly version: string
  /** 1-based line of the deepest part of the path that exists. */
  readonly lineOf: (path: readonly (string | number)[]) => number
}

/** A document whose root is a list of maps: none of Sigma's, handed on as it is to whoever knows it. */
export interface ListDocument {
  readonly value: readonly unknown[]
  readonly file: string
  /** Where it begins, 1-based. */
  readonly line: number
  readonly lineOf: (path: readonly (string | number)[]) => number
}

export interface LoadedRules {
  readonly rules: readonly SigmaRule[]
  readonly correlations: readonly CorrelationDocument[]
  readonly lists: readonly ListDocument[]
  readonly refused: readonly Refusal[]
}

/** One file's text. `file` is what refusals and detections name. */
export interface RuleText {
  readonly file: string
  readonly text: string
}

export interface LoadOptions {
  /** Values for `%name%` under the `expand` modifier, without the percent signs. A placeholder that is not here refuses its rule. */
  readonly placeholders?: Readonly<Record<string, readonly string[]>>
}
