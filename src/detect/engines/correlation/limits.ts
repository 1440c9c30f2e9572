import { CLOCK_AHEAD_MS, CLOCK_BEHIND_MS } from '../../../kernel/clock-trust.ts'

/** Bounds on memory and on trust in clocks. Each bound that bites is counted in the statistics. */
export interface CorrelationLimits {
  /** Groups a rule keeps; beyond it the group at rest for longest is forgotten. */
  readonly groups: number
  /** Events a group keeps; beyond it the oldest goes. */
  readonly eventsPerGroup: number
  /** Events a rule keeps over all groups; beyond it the group at rest for longest is forgotten. */
  readonly eventsPerRule: number
  /** An event observed longer than this before the newest received time stands at the received time instead. Milliseconds. */
  readonly lateness: number
  /** The same for an observed time in the future. */
  readonly ahead: number
}

export const DEFAULT_LIMITS: CorrelationLimits = {
  groups: 10_000,
  eventsPerGroup: 10_000,
  eventsPerRule: 200_000,
  lateness: CLOCK_BEHIND_MS,
  ahead: CLOCK_AHEAD_MS,
}
