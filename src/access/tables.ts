import type { ColumnType, Generated, Selectable } from 'kysely'
import type { Flag } from '../platform/state/columns.ts'
import type { AssetRow } from '../platform/state/tables.ts'
import type { MachineTables } from './machines/tables.ts'
import type { PeopleTables } from './people/tables.ts'
import type { ReviewTables } from './reviews/tables.ts'
import type { ScimTables } from './scim/tables.ts'
import type { SsoTables } from './sso/tables.ts'

export interface AccountsTable {
  id: string
  /** Where the account was made; what it may do and where is in its assignments. */
  scope: string
  /** What is typed to sign in: unique in the installation. */
  name: string
  /** How the person is called on pages; empty for the name. */
  display: Generated<string>
  email: string | null
  /** Who keeps it: ourselves, an identity provider at sign-in, or its SCIM client. */
  origin: ColumnType<'local' | 'oidc' | 'scim', 'local' | 'oidc' | 'scim' | undefined>
  /** The provider's name for it: `issuer subject`, or SCIM's externalId. */
  subject: string | null
  /** A PHC string (`$argon2id$…`), the `scrypt$…` of version 0.1, or empty: no password signs in. */
  password: string
  active: ColumnType<Flag, Flag | undefined>
  break_glass: ColumnType<Flag, Flag | undefined>
  created: number
  last_seen: number | null
}
export type Account = Selectable<AccountsTable>

/** A role that a person holds in `scope`; `*` is every scope. */
export interface AssignmentsTable {
  id: string
  scope: string
  account_id: string
  role: string
  /** Who keeps it: a person here, or a group of the identity provider. */
  origin: 'local' | 'oidc' | 'scim'
  by_name: string
  created: number
}

/** A team or customer: its assets are those whose labels hold all of `labels`. */
export interface ScopesTable {
  scope: string
  title: string
  /** JSON object of text to text. */
  labels: string
  created: number
}

export interface SessionsTable {
  /** SHA-256 of the cookie's secret, hex: a stolen database opens no session. */
  hash: string
  scope: string
  /** What pages call it by; never the secret. */
  id: string
  account_id: string
  /** JSON array of how the person signed in (SessionFacts). */
  methods: string
  address: string
  agent: string
  created: number
  /** When the person last showed who they are; null: at `created`. */
  confirmed: ColumnType<number | null, number | null | undefined>
  last_used: number
  expires: number
}

export interface TokensTable {
  id: string
  scope: string
  name: string
  /** SHA-256 of the token, hex. */
  hash: string
  grants: string
  /** The account that made it: the token may never do more than that account may now. Null from the command line. */
  owner: string | null
  created: number
  last_used: number | null
  expires: number | null
  /** Events sent with it count for this source, whatever the client says. */
  source: string | null
  /** After a rotation: the secret before, and until when it is good. */
  old_hash: string | null
  old_until: number | null
}

/** The span of the ledger that an outside auditor (an account in a scope, or a token) may read. */
export interface AuditPeriodsTable {
  /** The id of the account or token. */
  holder: string
  scope: string
  from_at: number | null
  to_at: number | null
}

export interface SetupTable {
  hash: string
  scope: string
  created: number
  expires: number
}

export interface AccessTables extends MachineTables, PeopleTables, ReviewTables, SsoTables, ScimTables {
  access_accounts: AccountsTable
  access_assignments: AssignmentsTable
  access_scopes: ScopesTable
  access_sessions: SessionsTable
  access_tokens: TokensTable
  access_audit_periods: AuditPeriodsTable
  access_setup: SetupTable
  assets: AssetRow
}
