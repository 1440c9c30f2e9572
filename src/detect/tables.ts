import type { Level, Severity } from '../kernel/detection.ts'
import type { ExceptionsTable } from './exceptions/tables.ts'
import type { AlertState, Criticality, EntityKind, HistoryEntry, Verdict } from './schema.ts'

/** Times are milliseconds UTC; `detail`, `techniques`, `tactics` and `before` are JSON. */
export interface AlertsTable {
  /** Hash of scope, rule id and version, group key and first event id. */
  id: string
  scope: string
  story_id: string
  /** Hash of scope, rule id and version and group key: which alerts a detection may join. */
  group_id: string
  rule_id: string
  rule_version: string
  title: string
  title_ja: string
  level: Level
  severity: Severity
  file: string
  entity_kind: EntityKind
  entity_name: string
  /** Kind and folded name: what a story is about. */
  entity_key: string
  techniques: string
  tactics: string
  count: number
  event_count: number
  first_observed: number
  last_observed: number
  /** When the first event reached this server. */
  received: number
  raised: number
  updated: number
  state: AlertState
  verdict: Verdict | null
  judged: number | null
  /** Until then what this rule finds about this entity is counted here and raises nothing, though this is closed. */
  quiet_until: number | null
  /** How much the asset matters that it is about, as the inventory said when it was raised. */
  criticality: Criticality | null
  /** From 0 to 1: how often the rule was right so far, when it was raised. */
  confidence: number
  /** When a person first did something about it. */
  acknowledged: number | null
  assignee: string | null
  note: string
  /** Folded words for the filter. */
  search: string
  /** Place in the evidence outbox of its raising. */
  outbox: number
  detail: string
}

/** An alert without what only its own page shows. */
export type AlertRow = Omit<AlertsTable, 'detail' | 'search' | 'note'>

/** Detections that are already part of an alert, so that a replay adds nothing. */
export interface SeenTable {
  key: string
  scope: string
  alert_id: string
  received: number
}

/** Which techniques an alert proved, and when its rule last did so. */
export interface ProofsTable {
  alert_id: string
  technique: string
  scope: string
  raised: number
  last: number
}

export interface AlertHistoryTable {
  alert_id: string
  /** 1, 2, 3 … per alert. */
  number: number
  scope: string
  at: number
  by_id: string
  by_name: string
  action: HistoryEntry['action']
  verdict: Verdict | null
  assignee: string | null
  note: string
  /** What an undo brings back. */
  before: string
  undone: 0 | 1
}

export interface DetectTables {
  detect_alerts: AlertsTable
  detect_seen: SeenTable
  detect_proofs: ProofsTable
  detect_history: AlertHistoryTable
  detect_exceptions: ExceptionsTable
}
