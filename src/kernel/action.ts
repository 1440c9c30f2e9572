import type { JsonObject } from './json.ts'

/** What an action acts on; limits (“at most five hosts an hour”) are counted over these. */
export const TARGET_KINDS = [
  'address',
  'account',
  'host',
  'process',
  'file',
  'session',
  'secret',
  'ticket',
  'message',
  'nothing',
] as const
export type TargetKind = (typeof TARGET_KINDS)[number]

export interface ActionTarget {
  readonly kind: TargetKind
  readonly name: string
  /** What else it goes by: whoever protects it by one of these names protects it. Limits count it once, by `name`. */
  readonly also?: readonly string[]
  /** Names of the host that it is on: a host that is never acted upon keeps this one too. */
  readonly on?: readonly string[]
}

/**
 * What may happen when the same step is run again with the same key after a crash.
 * - `repeat`: running it again changes nothing more (blocking a blocked address).
 * - `key`: the other side takes our idempotency key, or can be asked whether it already has it.
 * - `once`: a second run would be a second effect; the step waits for a person if it cannot be known whether it ran.
 */
export const REPEATS = ['repeat', 'key', 'once'] as const
export type Repeats = (typeof REPEATS)[number]

/** Shown to people and recorded before anything is done. Nothing outside may change while a plan is made. */
export interface ActionPlan {
  readonly summary: { readonly en: string; readonly ja: string }
  readonly targets: readonly ActionTarget[]
  /** Whether `undo` can take it back. */
  readonly reversible: boolean
  /**
   * How things stood before, in the action's own words. It is recorded with the plan and given to every try of `run`, so that a
   * try after a crash can tell what an earlier try did from what was so before.
   */
  readonly before?: JsonObject
}

/** What was done, as the ledger keeps it: never a secret in it. */
export interface ActionReceipt {
  /** `already`: the other side was in that state before, so that there is nothing to undo. */
  readonly outcome: 'done' | 'already'
  /** What people and later steps may read: ids, names, figures. */
  readonly detail: JsonObject
  /** What could not be done although the rest was; the step has ended, and people are shown this. */
  readonly problem?: string
  /** What `undo` needs; never shown to authors of playbooks. */
  readonly undo?: JsonObject
}

export interface ActionContext {
  readonly scope: string
  /** The same for every try of one step of one run, and for no other. */
  readonly key: string
  /** Who answers for it: a person, or the playbook by its name and version. */
  readonly by: string
  /** Ends with the step's time-out or the kill switch. */
  readonly signal: AbortSignal
  /** `before` of the plan that was recorded for this step; absent while planning, and where it said nothing. */
  readonly before?: JsonObject
  /** Milliseconds UTC. */
  readonly now: () => number
}

/** What an action takes, as zod says it; the kernel itself needs no zod. */
export interface InputSchema<Input> {
  /** @throws an error with `issues` as `safeParse` has them. */
  parse(value: unknown): Input
  safeParse(value: unknown):
    | { readonly success: true; readonly data: Input; readonly error?: undefined }
    | {
        readonly success: false
        readonly data?: undefined
        readonly error: { readonly issues: readonly { readonly message: string; readonly path: readonly PropertyKey[] }[] }
      }
}

/**
 * Something that can be done to the world in answer to an alert. What it needs (outgoing calls, sealed settings, the
 * agents) is given to the function that makes it. Input is untrusted: it may come out of an alert, so it reaches no
 * shell, template or header as it is.
 */
export interface Action<Input = unknown> {
  /** The name of its folder; what a playbook calls it by. */
  readonly id: string
  readonly title: { readonly en: string; readonly ja: string }
  readonly input: InputSchema<Input>
  readonly repeats: Repeats
  /** @throws KanpekiError where it cannot be done at all (no such host, not set up), with the remedy. */
  plan(input: Input, context: ActionContext): Promise<ActionPlan>
  run(input: Input, context: ActionContext): Promise<ActionReceipt>
  /** Takes back what the receipt says; where absent, or without `undo` in the receipt, nothing can be. Safe to repeat. */
  undo?(receipt: ActionReceipt, context: ActionContext): Promise<ActionReceipt>
  /** For `key`: the receipt of an earlier try with this key; undefined where the other side never had it. */
  find?(input: Input, context: ActionContext): Promise<ActionReceipt | undefined>
}
