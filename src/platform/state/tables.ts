import type { ColumnType } from 'kysely'
import type { EntryType } from '../../kernel/evidence.ts'

/**
 * The `scope` column of a table: on a scoped handle (`state.scoped`) an insert may leave it out. It never changes.
 */
export type ScopeColumn = ColumnType<string, string | undefined, never>

/** Machines, accounts and services that events and findings are about. `names` and `labels` are JSON. */
export interface AssetRow {
  id: string
  /** Where it belongs: to `home`, or by its labels to another scope. Only the unscoped handle moves it. */
  scope: ColumnType<string, string | undefined, string>
  /** Where it was made. One of a scope stays there; one of the shared scope goes where its labels say. */
  home: ColumnType<string, string | undefined, string>
  /** The first of `names`, and all that it is found by; both folded (NFKC, lower case). */
  name: ColumnType<string, string | undefined, string>
  search: ColumnType<string, string | undefined, string>
  /** JSON array of host names, addresses and cloud ids. */
  names: string
  /** JSON object of text to text. */
  labels: string
  criticality: 'low' | 'medium' | 'high' | 'critical'
  owner: string | null
  created: number
  updated: number
}

/** Evidence that the ledger has not yet taken. `seq` has no gaps, in order of commit. */
export interface OutboxRow {
  seq: number
  type: EntryType
  scope: ScopeColumn
  observed: number
  received: number
  body: string
  created: number
}

export interface SettingRow {
  key: string
  value: string
}

export interface StateTables {
  assets: AssetRow
  outbox: OutboxRow
  /** One server's own facts; not scoped. */
  settings: SettingRow
  /** Where sources stand in what they read; not scoped. */
  positions: SettingRow
  counters: { name: string; value: number }
}

/** Tables without a `scope` column: they are about this installation, not about a team. */
export const UNSCOPED_TABLES: readonly string[] = ['settings', 'positions', 'counters', 'migrations']
