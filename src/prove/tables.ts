import type { EntryType } from '../kernel/evidence.ts'
import type { ScopeColumn } from '../platform/state/tables.ts'
import type { AuditType } from './audit/schema.ts'
import type { ArtefactKind } from './custody/schema.ts'

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

/** An artefact: what somebody brought as evidence. Times are milliseconds UTC. */
export interface ProveArtefactRow {
  id: string
  scope: string
  /** Of the evidence that it came. */
  outbox: number
  kind: ArtefactKind
  name: string
  sha256: string
  bytes: number
  source: string
  note: string | null
  alert: string | null
  by_id: string
  by_name: string
  observed: number
  received: number
  keep_until: number | null
  valid_until: number | null
  hold_at: number | null
  hold_by: string | null
  hold_for: string | null
  /** JSON of ArtefactScan. */
  scan: string
  removed_at: number | null
  removed_for: string | null
}

/** A file on the disk, which several artefacts may be. */
export interface ProveContentRow {
  sha256: string
  scope: string
  bytes: number
  /** SHA-256 of the file as it lies there. */
  stored: string
  /** The key it is sealed with, itself sealed; null where it lies plain. */
  sealed_key: string | null
  at: number
}

export interface ProveTables {
  prove_artefacts: ProveArtefactRow
  prove_contents: ProveContentRow
  prove_watched_keys: ProveWatchedKeyRow
  prove_watched: ProveWatchedRow
  prove_erased: ProveErasedRow
  prove_entries: ProveEntryRow
  prove_subjects: ProveSubjectRow
  prove_growth: ProveGrowthRow
  prove_audit: ProveAuditRow
}
