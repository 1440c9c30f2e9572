import type { ColumnType, Selectable } from 'kysely'
import type { Flag } from '../../platform/state/columns.ts'

/** What SCIM keeps of an account beside `access_accounts`; without a row here an account is not SCIM's. */
export interface ScimUsersTable {
  account_id: string
  scope: string
  /** The account's name in lower case: `userName` is compared without regard to case (RFC 7643 §4.1.1). */
  name_key: string
  external_id: string | null
  /** The client ended it and may resume it; what was ended here stays so, whatever the client repeats. */
  ended_by_client: ColumnType<Flag, Flag | undefined>
  /** JSON of what the client wrote and nothing here reads (name, emails, title …). */
  document: string
  version: number
  created: number
  modified: number
}

export type ScimUser = Selectable<ScimUsersTable>

export interface ScimGroupsTable {
  id: string
  scope: string
  name: string
  name_key: string
  external_id: string | null
  /** JSON array of {role, scope}: what every member gets. Set by an administrator here, never by the client. */
  roles: string
  version: number
  created: number
  modified: number
}

export interface ScimMembersTable {
  group_id: string
  account_id: string
  scope: string
}

export interface ScimTables {
  access_scim_users: ScimUsersTable
  access_scim_groups: ScimGroupsTable
  access_scim_members: ScimMembersTable
}
