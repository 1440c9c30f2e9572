import type { RuleInfo } from '../../../kernel/detection.ts'
import type { Condition } from './condition/ast.ts'

/** A rule whose condition is understood: macros and lists are written out, exceptions are part of it. */
export interface FalcoRule {
  readonly info: RuleInfo
  /** Falco's event source: `syscall`, `k8s_audit`, `aws_cloudtrail` … */
  readonly source: string
  readonly condition: Condition
  /** What Falco prints, with `%field` in it. */
  readonly output: string
  readonly enabled: boolean
  readonly tags: readonly string[]
  /** 1-based line of the item in its file. */
  readonly line: number
}
