import type { Flag } from '../../platform/state/columns.ts'

export interface TotpTable {
  account_id: string
  scope: string
  /** Base32, sealed for `access_totp:ACCOUNT`. */
  secret: string
  /** 0 until a first code has shown that the app has it. */
  active: Flag
  /** The 30 s step of the last code taken: neither it nor an earlier one is taken again (RFC 6238 §5.2). */
  last_step: number
  created: number
}

/** Recovery codes that are still good. */
export interface RecoveryTable {
  /** SHA-256 of account and code, hex. */
  hash: string
  scope: string
  account_id: string
  created: number
}

export interface PasskeysTable {
  /** Credential id, base64url. */
  id: string
  scope: string
  account_id: string
  name: string
  /** COSE key, base64url. */
  public_key: string
  /** The authenticator's signature counter; 0 where it keeps none. */
  counter: number
  /** JSON array. */
  transports: string
  synced: Flag
  created: number
  last_used: number | null
}

/** `second`: the password was right. The others are WebAuthn challenges. */
export type StepKind = 'second' | 'sign-in' | 'register' | 'confirm'

/** Something begun that has to be finished soon, once, and in the same browser or session. */
export interface StepsTable {
  /** SHA-256 of the ticket or challenge, hex. */
  hash: string
  scope: string
  kind: StepKind
  account_id: string | null
  /** SHA-256 of the browser's step cookie, or `session:ID`, or `link:HASH`. */
  bound_to: string
  tries: number
  created: number
  expires: number
}

export interface LinksTable {
  hash: string
  scope: string
  account_id: string
  kind: 'invite' | 'reset'
  /** Whether using it removes every second factor. */
  factors: Flag
  by_name: string
  created: number
  expires: number
}

export interface FailuresTable {
  /** SHA-256 of what is counted: a mistyped name may be a password. */
  key: string
  scope: string
  count: number
  last: number
}

/** Where an account signed in before: browsers (by cookie) and addresses. */
export interface KnownTable {
  account_id: string
  /** SHA-256 of the cookie or of the address. */
  mark: string
  scope: string
  last_used: number
}

export interface PeopleTables {
  access_totp: TotpTable
  access_recovery: RecoveryTable
  access_passkeys: PasskeysTable
  access_steps: StepsTable
  access_links: LinksTable
  access_failures: FailuresTable
  access_known: KnownTable
}
