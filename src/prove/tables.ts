import type { EntryType } from '../kernel/evidence.ts'
import type { ScopeColumn } from '../platform/state/tables.ts'
import type { AuditType } from './audit/schema.ts'

/** An entry of the ledger, so that it can be found; its body stands only in the ledger. */
export interface ProveEntryRow {
  /** Index of the leaf. */
  idx: number
  scope: ScopeColumn
  type: EntryType
  outbox: number
  /** Milliseconds UTC. */
  observed: number
  received: number
  logged: number
}

/** What entries are about. */
export interface ProveSubjectRow {
  kind: string
  id: string
  idx: number
  scope: ScopeColumn
}

/** Entries logged on a UTC day, so that growth is read without counting the log. */
export interface ProveGrowthRow {
  scope: ScopeColumn
  /** Days since 1970-01-01. */
  day: number
  type: EntryType
  entries: number
}

/** What somebody did, so that it is found by who, what and when; ids and names are folded. */
export interface ProveAuditRow {
  /** Index of the leaf. */
  idx: number
  scope: string
  type: AuditType
  action: string
  actor: string
  actor_name: string
  /** Milliseconds UTC. */
  observed: number
}

/** What stands in a batch's tree for its erased events. */
export interface ProveErasedRow {
  writer: string
  sequence: number
  scope: string
  /** How many events were erased. */
  events: number
  /** JSON of ErasedNode[]. */
  nodes: string
}

/** A log of somebody else that we cosign, as we cosigned it last. */
export interface ProveWatchedRow {
  origin: string
  scope: ScopeColumn
  size: number
  /** Base64. */
  root: string
  checkpoint: string
  /** Milliseconds UTC. */
  at: number
}

/** A change of the key of such a log, which it signed by the key before. */
export interface ProveWatchedKeyRow {
  origin: string
  scope: ScopeColumn
  /** The key before, as text: it has one successor, ever. */
  former: string
  key: string
  /** Milliseconds UTC. */
  at: number
}

export interface ProveTables {
  prove_watched_keys: ProveWatchedKeyRow
  prove_watched: ProveWatchedRow
  prove_erased: ProveErasedRow
  prove_entries: ProveEntryRow
  prove_subjects: ProveSubjectRow
  prove_growth: ProveGrowthRow
  prove_audit: ProveAuditRow
}
