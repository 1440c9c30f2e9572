import type { CommandState, WireKind } from './schema.ts'

/** A command for one agent: what was asked, and what came of it. */
export interface CommandsTable {
  id: string
  scope: string
  agent: string
  kind: WireKind
  /** JSON. */
  params: string
  /** Unique in its scope: the same key is the same command. */
  key: string
  by_id: string
  by_name: string
  reason: string | null
  state: CommandState
  created: number
  expires: number
  given: number | null
  answered: number | null
  /** JSON of the receipt. */
  receipt: string | null
  failed_code: string | null
  failed: string | null
}

/** What an agent last said of itself. */
export interface StatusTable {
  agent: string
  scope: string
  at: number
  /** JSON. */
  status: string
}

/** Settings for the agents whose host has a label; `*` for all. */
export interface PoliciesTable {
  scope: string
  label: string
  /** JSON. */
  settings: string
  by_name: string
  changed: number
}

/** A signed version of the agent, to be given to agents. */
export interface ReleasesTable {
  sha256: string
  scope: string
  version: string
  /** Base64, Ed25519 over the bundle. */
  signature: string
  bytes: number
  created: number
  by_name: string
}

/** How the files of an agent's host stood when it last said so. */
export interface IntegrityTable {
  agent: string
  scope: string
  at: number
  /** JSON, without the changes. */
  report: string
  /** JSON: the latest changes since the baseline. */
  changes: string
}

export interface HostTables {
  hosts_integrity: IntegrityTable
  hosts_commands: CommandsTable
  hosts_status: StatusTable
  hosts_policies: PoliciesTable
  hosts_releases: ReleasesTable
}
