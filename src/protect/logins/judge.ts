import type { Challenge } from './challenge.ts'
import type { Answer, SignalId } from './settings.ts'

/** One attempt to sign in, as a worker read it. The password is not in it. */
export interface Attempt {
  readonly login: string
  /** As typed, in one spelling; empty where none could be read. */
  readonly account: string
  readonly address: string
  readonly fingerprint: string
  readonly agent: string
  /** A keyed hash of 24 bits, enough to see one password on many accounts; empty where there is no password. */
  readonly password: string
  readonly isLeaked: boolean
  /** What the client shows as the solution of a challenge. */
  readonly solution: string
  /** In detection the application is asked whatever the answer is, and its outcome counts. */
  readonly isCarriedOut: boolean
}

export type AttemptSignal = SignalId | 'leaked-password' | 'too-many-at-once' | 'memory-full'

export interface Judgement {
  /** Undefined: as any other. */
  readonly answer: Answer | undefined
  readonly signals: readonly AttemptSignal[]
  readonly challenge: Challenge | undefined
  /** Seconds after which to try again, where it is blocked or delayed. */
  readonly seconds: number
  /** By which the outcome is told; empty where nobody waits for it. */
  readonly ticket: string
}

/** A signal that became true: told once, until it was false for as long as it is held. */
export interface RaisedSignal {
  readonly signal: AttemptSignal
  readonly login: string
  readonly failures: number
  readonly accounts: number
  /** What it is about, where a person can act on it: an address, a network. */
  readonly address: string | undefined
  readonly network: string | undefined
  readonly fingerprint: string | undefined
  /** True where it is about the account of the attempt that raised it. */
  readonly isAccount: boolean
  /** Keys that were pushed out of memory while they still counted, since the WAF started: what may have gone unseen. */
  readonly forgotten: number
}

/** `unknown`: the application did not say, or was not asked. */
export type LoginOutcome = 'success' | 'failure' | 'unknown'

/** Who counts attempts over all workers. */
export interface LoginJudge {
  /** The key of keyed hashes such as `Attempt.password`, of this run only. */
  readonly key: () => Promise<Buffer>
  readonly attempt: (attempt: Attempt) => Promise<Judgement>
  readonly outcome: (ticket: string, outcome: LoginOutcome) => Promise<readonly RaisedSignal[]>
}
