import type { Clock } from '../kernel/clock.ts'
import type { Refusal, RuleInfo } from '../kernel/detection.ts'
import type { State } from '../platform/state/state.ts'
import type { DetailDeps } from './alerts-detail.ts'
import type { Attack } from './coverage-attack.ts'
import type { DocsOf } from './exceptions/preview.ts'
import type { Scenarios } from './scenarios/load.ts'
import type { AlertSummary } from './schema.ts'

export interface DetectDeps extends DetailDeps {
  readonly state: State
  readonly clock: Clock
  readonly attack: Attack
  /** What the engines hold now, and what they refused. */
  rules(): { readonly loaded: readonly RuleInfo[]; readonly refused: readonly Refusal[] }
  /** What can be executed to prove coverage. */
  scenarios(): Scenarios
  /** Documents of stored events. */
  readonly docsOf: DocsOf
  /** Tells open consoles that these alerts changed. */
  changed(scope: string, alerts: readonly AlertSummary[]): void
}
