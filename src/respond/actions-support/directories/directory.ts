import type { JsonObject } from '../../../kernel/json.ts'

/** How an account stands; `value` is what reopening puts back. */
export interface AccountState {
  readonly closed: boolean
  /** What the directory itself calls it: a DN, an id. */
  readonly id: string
  readonly value: JsonObject
}

/** A place that keeps accounts. Each call is one try; `signal` ends it. */
export interface Directory {
  readonly name: string
  /** @returns undefined where it has no such account. @throws KanpekiError `account_ambiguous` for several, `account_protected`. */
  look(account: string, signal: AbortSignal): Promise<AccountState | undefined>
  close(found: AccountState, account: string, signal: AbortSignal): Promise<void>
  /** Puts back what `look` found before; right to repeat. */
  reopen(found: AccountState, account: string, signal: AbortSignal): Promise<void>
}
