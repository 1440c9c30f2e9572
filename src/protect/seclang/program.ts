import type { Test } from '../operators/operator.ts'
import type { Item } from './item.ts'
import type { Macro } from './macro.ts'
import type { Run, TxMember } from './run.ts'
import type { Settings } from './settings.ts'
import type { Step } from './value.ts'
import type { Stage } from './variables.ts'

/** One variable as rules name it, with what they leave out of it. Rules that mean the same share it. */
export interface Atom {
  readonly number: number
  readonly stage: Stage
  readonly read: (run: Run) => readonly Item[]
}

/** An atom's values after a chain of transformations. Rules that mean the same share it. */
export interface Cell {
  readonly number: number
  readonly atom: Atom
  readonly steps: readonly Step[]
}

/** What a rule does to the transaction when it matches. */
export type Effect = (run: Run) => void

export type Disruption =
  | { readonly kind: 'pass' }
  | { readonly kind: 'deny' | 'drop'; readonly status: number }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: Macro }
  | { readonly kind: 'allow'; readonly what: 'phase' | 'request' | 'all' }

/** How a rule's operator is run: compiled once, or again for each argument that its macros give. */
export interface OperatorUse {
  readonly negated: boolean
  readonly test: (run: Run) => Test
  /** Every text that the operator finds fulfils all of these clauses of the prefilter. */
  readonly clauses: readonly number[]
}

export interface Rule {
  /** Its place among all rules, by which `ctl` takes rules away. */
  readonly number: number
  /** 0 for the rules of a chain after its first. */
  readonly id: number
  readonly phase: number
  readonly file: string
  readonly line: number
  readonly tags: readonly string[]
  readonly msg: Macro
  /** The message before macros are expanded. */
  readonly writtenMsg: string
  readonly logdata: Macro
  readonly severity: number
  readonly log: boolean
  /** Absent in `SecAction`, which always matches. */
  operator: OperatorUse | undefined
  cells: readonly Cell[]
  readonly capture: boolean
  readonly multiMatch: boolean
  readonly effects: readonly Effect[]
  readonly disruption: Disruption
  /** The next rule of the chain. */
  readonly next: Rule | undefined
  /** Where its phase goes on when it matched: how many rules further. 1 where it neither skips nor jumps. */
  jump: number
}

/** A compiled rule set. */
export interface Program {
  readonly settings: Settings
  /** The first rules of chains, by phase from 1 to 5. */
  readonly phases: readonly (readonly Rule[])[]
  readonly atoms: readonly Atom[]
  readonly cells: readonly Cell[]
  readonly atomsOf: Readonly<Record<'body' | 'response', readonly number[]>>
  readonly cellsOf: Readonly<Record<'body' | 'response', readonly number[]>>
  /** Members of `TX` that are there from the start. */
  readonly initial: ReadonlyMap<string, TxMember>
}
