import type { Action } from './actions.ts'
import type { WrittenOperator } from './operator-use.ts'
import type { Target } from './targets.ts'

/** A rule as read, while directives after it may still change it. */
export interface Draft {
  readonly kind: 'rule'
  readonly file: string
  readonly line: number
  /** 0 for the rules of a chain after its first. */
  readonly id: number
  readonly phase: number
  targets: readonly Target[]
  /** Absent in `SecAction`. */
  readonly operator: WrittenOperator | undefined
  actions: readonly Action[]
  /** Of `SecDefaultAction`, as it stood when the rule was read. */
  readonly defaults: readonly Action[]
  tags: readonly string[]
  msg: string
  /** The rules of the chain after this. */
  readonly chain: Draft[]
}

export interface Marker {
  readonly kind: 'marker'
  readonly label: string
}

/** What could not be loaded, and why. `line` is 1-based. */
export interface Refusal {
  readonly file: string
  readonly line: number
  readonly reason: string
}
