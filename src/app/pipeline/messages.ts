import type { CommitBatch, CommitResult } from '../../collect/commit.ts'
import type { MaskingRule } from '../../collect/masking/schema.ts'
import type { IngestBody, IngestReply } from '../../collect/sources/http/body.ts'
import type { CorrelationStats } from '../../detect/engines/correlation/program.ts'
import type { HostRules } from '../../detect/host-rules.ts'
import type { Refusal, RuleInfo } from '../../kernel/detection.ts'
import type { Place } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { LakeAddress } from '../../platform/lake/connect.ts'
import type { StatePlace } from '../../platform/state/state.ts'

/** What the writer thread is started with; plain data, since it crosses a thread. */
export interface WorkerSettings {
  readonly state: StatePlace
  readonly lake: LakeAddress
  /** Folder for sealed hours. */
  readonly sealed: string
  readonly writer: string
  /** Folders of rules, read in this order. */
  readonly rules: readonly string[]
  /** Files and folders of field-mapping pipelines, above those that ship. */
  readonly pipelines: readonly string[]
  /** Databases of places, in the order in which they are believed. */
  readonly geoip: readonly string[]
  readonly masking: { readonly rules: readonly MaskingRule[]; readonly key: Uint8Array }
  /** Minutes east of UTC for lines without a zone, where their source says nothing. */
  readonly zoneMinutes: number
  /** Folders whose path is left out where files are shown to people. */
  readonly roots: readonly string[]
}

export interface PipelineStatus {
  /** Events that are committed and not yet seen by the rules. */
  readonly waitingEvents: number
  /** Events committed before a crash are still being read back. */
  readonly catchingUp: boolean
  readonly rules: {
    readonly loaded: readonly RuleInfo[]
    /** Rules in quarantine are among them. */
    readonly refused: readonly Refusal[]
    /** Loaded, and not evaluated: rules in quarantine and what stands on them. */
    readonly silent: readonly RuleInfo[]
  }
  readonly correlations: CorrelationStats
}

export type Request =
  | { readonly kind: 'body'; readonly body: IngestBody }
  | { readonly kind: 'batch'; readonly batch: CommitBatch }
  | { readonly kind: 'status' }
  /** The rules that agents run on their hosts. */
  | { readonly kind: 'host-rules' }
  /** Reads anew what is known of hosts, people, sources' zones and indicators; events that come after the answer follow it. */
  | { readonly kind: 'known' }
  /** Makes what was learned of behaviour forget whoever has one of these names, or one that holds one of these texts. */
  | {
      readonly kind: 'forget'
      readonly scope: string | undefined
      readonly names: readonly string[]
      readonly texts: readonly string[]
    }
  /** Answered when the rules have seen everything that was committed before. */
  | { readonly kind: 'settled' }
  /** Evaluates a rule in quarantine again. */
  | { readonly kind: 'release'; readonly rule: string; readonly by: JsonObject }
  | { readonly kind: 'stop' }

export interface Replies {
  readonly body: IngestReply
  readonly batch: CommitResult
  readonly status: PipelineStatus
  readonly 'host-rules': HostRules
  readonly known: null
  readonly forget: null
  readonly settled: null
  /** False where the rule was in no quarantine. */
  readonly release: boolean
  readonly stop: null
}

/** An error that crossed the thread: `instanceof` does not survive, the code does. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly remedy?: string
  readonly place?: Place
}

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'reply'; readonly id: number; readonly value: Replies[keyof Replies] }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError }
  | { readonly kind: 'progressed'; readonly events: number; readonly alerts: number }
  /** Which rules are evaluated changed. */
  | { readonly kind: 'rules'; readonly rules: PipelineStatus['rules'] }
  | { readonly kind: 'trouble'; readonly error: WireError }

export interface ToWorker {
  readonly id: number
  readonly request: Request
}
