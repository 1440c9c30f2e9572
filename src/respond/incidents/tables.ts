import type { Flag } from '../../platform/state/columns.ts'
import type { Grade, IncidentEntityKind, IncidentRole, IncidentState, MessageState, Outcome, Phase } from './schema.ts'

/** Times are milliseconds UTC, in every table here. */
export interface IncidentsTable {
  id: string
  scope: string
  number: number
  title: string
  /** The same where a person wrote it. */
  title_ja: string
  summary: string
  severity: Grade
  phase: Phase
  state: IncidentState
  outcome: Outcome | null
  /** The exercise that it is part of. */
  exercise: string | null
  merged_into: string | null
  opened: number
  opened_by: string
  automatic: Flag
  first_observed: number | null
  detected: number | null
  /** When a person first did something about it, or about one of its alerts. */
  acknowledged: number | null
  contained: number | null
  contained_by: 'playbook' | 'person' | null
  closed: number | null
  updated: number
  /** JSON of a post-mortem with `by` and `at`. */
  post_mortem: string | null
}

/** One deed, as the ledger has it. */
export interface EntriesTable {
  incident_id: string
  /** 1, 2, 3 … per incident. */
  number: number
  scope: string
  at: number
  by_id: string
  by_name: string
  kind: string
  /** JSON: `{ text: { en, ja }, … }`. */
  detail: string
  note: string
  outbox: number
}

export interface TasksTable {
  id: string
  incident_id: string
  scope: string
  phase: Phase
  title_en: string
  title_ja: string
  assignee: string | null
  due: number | null
  /** Its clock comes from the policy, and follows the severity. */
  by_policy: Flag
  done: number | null
  done_by: string | null
  note: string
  created: number
}

/** An alert as it was when it was added: it outlives the alert. */
export interface IncidentAlertsTable {
  incident_id: string
  alert_id: string
  scope: string
  rule_id: string
  title: string
  title_ja: string
  severity: number
  entity_kind: string
  entity_name: string
  /** JSON lists. */
  techniques: string
  events: string
  first_observed: number
  raised: number
  added: number
}

export interface RolesTable {
  incident_id: string
  role: IncidentRole
  scope: string
  person: string
  since: number
}

export interface EntitiesTable {
  incident_id: string
  kind: IncidentEntityKind
  name: string
  scope: string
  note: string
}

export interface ArtefactsTable {
  incident_id: string
  artefact_id: string
  scope: string
  name: string
  sha256: string
  added: number
  by_name: string
}

/** Undirected: `one` < `other`. */
export interface LinksTable {
  one: string
  other: string
  scope: string
  at: number
}

export interface MessagesTable {
  id: string
  incident_id: string
  scope: string
  /** Of the policy; null where a person planned it. */
  audience_id: string | null
  audience_en: string
  audience_ja: string
  about_en: string
  about_ja: string
  channel_id: string | null
  channel_name: string
  contact: string
  due: number | null
  state: MessageState
  subject: string
  text: string
  /** What the channel calls it: the receiver sees the same id. */
  delivery: string | null
  sha256: string | null
  sent: number | null
  by_name: string | null
  error: string | null
  created: number
}

export interface FollowUpsTable {
  id: string
  incident_id: string
  scope: string
  title: string
  owner: string
  due: number | null
  created: number
  done: number | null
  /** The account that answers for it, and its name. */
  done_account: string | null
  done_by: string | null
  done_note: string
  verified: number | null
  verified_by: string | null
  verified_note: string
}

export interface RotaTable {
  id: string
  scope: string
  role: IncidentRole
  person: string
  begins: number
  ends: number
  by_name: string
}

/** How a scope differs from what ships: one row a scope. */
export interface PolicyTable {
  scope: string
  open_automatically: number
  updated: number
  /** JSON of what the scope set of its own (`IncidentPolicy`); null for what ships. */
  clocks: string | null
  tasks: string | null
}

export interface AudiencesTable {
  id: string
  scope: string
  channel_id: string | null
  contact: string
  automatic: Flag
}

export interface IncidentTables {
  respond_incidents: IncidentsTable
  respond_incident_entries: EntriesTable
  respond_incident_tasks: TasksTable
  respond_incident_alerts: IncidentAlertsTable
  respond_incident_roles: RolesTable
  respond_incident_entities: EntitiesTable
  respond_incident_artefacts: ArtefactsTable
  respond_incident_links: LinksTable
  respond_incident_messages: MessagesTable
  respond_follow_ups: FollowUpsTable
  respond_rota: RotaTable
  respond_policy: PolicyTable
  respond_audiences: AudiencesTable
}
