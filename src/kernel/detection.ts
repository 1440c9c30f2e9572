import type { JsonObject, JsonValue } from './json.ts'

/** Sigma's levels, lowest first. */
export const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const
export type Level = (typeof LEVELS)[number]

/** 1 is the most urgent. */
export type Severity = 1 | 2 | 3 | 4 | 5

export const severityOfLevel: Readonly<Record<Level, Severity>> = {
  critical: 1,
  high: 2,
  medium: 3,
  low: 4,
  informational: 5,
}

/** ATT&CK tactic short names in matrix order, as Sigma tags write them with hyphens. */
export const TACTICS = [
  'reconnaissance',
  'resource-development',
  'initial-access',
  'execution',
  'persistence',
  'privilege-escalation',
  'defense-evasion',
  'credential-access',
  'discovery',
  'lateral-movement',
  'collection',
  'command-and-control',
  'exfiltration',
  'impact',
] as const
export type Tactic = (typeof TACTICS)[number]

/** What any engine's rule says about itself, whatever language it is written in. */
export interface RuleInfo {
  /** UUID, or the author's own id; unique within a rule set. */
  readonly id: string
  /** Hash of the rule's text: a changed rule is another version. */
  readonly version: string
  readonly title: string
  readonly level: Level
  readonly file: string
  readonly description: string
  /** `T1059.001` … upper case. */
  readonly techniques: readonly string[]
  readonly tactics: readonly Tactic[]
  /** Which engine runs it; `sigma` where nothing is said. */
  readonly engine?: 'sigma' | 'falco' | 'ioc' | 'yara' | 'behaviour'
  /** Fields that no event here has, by the rule's names: the rule is known and cannot run. */
  readonly missing?: readonly string[]
  /** What an agent may do on its host at once, where its policy allows it: end the process, or take the file away. */
  readonly stop?: 'kill' | 'quarantine'
  /** Switched off by its author. */
  readonly off?: true
  /** Japanese title and description where the rule carries them. */
  readonly ja?: { readonly title?: string; readonly description?: string }
}

/** A rule that was not loaded, and why. `line` is 1-based. */
export interface Refusal {
  readonly file: string
  readonly line: number
  readonly code: string
  readonly reason: string
  /** Set where the rule was loaded, used up its time, and is not evaluated any more. */
  readonly quarantine?: {
    readonly rule: string
    readonly title: string
    /** RFC 3339. */
    readonly since: string
    /** CPU milliseconds that the rule alone took for these events, and what it may take. */
    readonly tookMs: number
    readonly budgetMs: number
    readonly events: number
    /** Ids of correlations that are not whole without it. */
    readonly silenced: readonly string[]
  }
}

/** One part of a rule that held, in words for people, and the event fields it looked at. */
export interface MatchedCondition {
  readonly text: string
  readonly fields: readonly string[]
}

/** One rule matched one event (or, for a correlation, a set of events). */
export interface Detection {
  readonly rule: RuleInfo
  /** Ids of the events, oldest first; one for a plain rule. A correlation lists at most 100 and says how many there were. */
  readonly eventIds: readonly string[]
  readonly eventCount: number
  /** ECS or raw field names with the values that matched, as they stand in the event. */
  readonly fields: JsonObject
  /** Why it matched, condition by condition, where the engine can say so; otherwise `fields` is the reason. */
  readonly conditions?: readonly MatchedCondition[]
  /** What the alert is about, e.g. `host.name=web-03` or a correlation's group-by values. */
  readonly group: JsonObject
  /** Observed time of the last event, milliseconds UTC. */
  readonly observed: number
  /** Received time of the last event, milliseconds UTC. */
  readonly received: number
  readonly scope: string
}

export type MatchedFields = Readonly<Record<string, JsonValue>>
