import type { BadgeState, ObjectiveState } from '../kernel/measure.ts'
import type { SeriesTables } from './series/tables.ts'

/** A declaration and its badge. Times are milliseconds UTC; `reasons` is JSON. */
export interface CardsTable {
  /** Unique in the whole installation: the badge's address is public and knows no scope. */
  id: string
  scope: string
  /** The version in force. */
  hash: string
  in_force_since: number
  /** How many people must sign the version in force, where it is more than it asks for itself. */
  required: number | null
  /** The content of the card's file when it was last read; null for a card that came by the API. */
  file_hash: string | null
  /** Since when that file is gone or unreadable. */
  missing_since: number | null
  state: BadgeState
  since: number
  reasons: string
  earned_at: number | null
  held_hash: string | null
  withdrawn_at: number | null
  all_met_since: number | null
  /** Null before the first evaluation. */
  evaluated_at: number | null
  /** Place in the evidence outbox of the last change of the badge; 0 if none. */
  outbox: number
}

export interface VersionsTable {
  card_id: string
  hash: string
  scope: string
  version: string
  /** The YAML as written. */
  text: string
  /** The card as JSON. */
  document: string
  at: number
  by_name: string
  /** The account that wrote it; null for a file, or where a version before duties were kept apart took it. */
  by_id: string | null
  state: 'pending' | 'in-force' | 'past'
}

export interface SignaturesTable {
  id: string
  scope: string
  card_id: string
  hash: string
  signer_id: string
  signer_name: string
  at: number
  outbox: number
}

/** The newest reading of an objective, and since when it has not been met. */
export interface ObjectivesTable {
  card_id: string
  objective: string
  scope: string
  /** Hash of measure, parameters and window: a reading of something else proves nothing. */
  spec: string
  not_met_since: number | null
  unproven_since: number | null
  value: number | null
  good: number
  bad: number
  unknown: number
  detail: string
  missing: string | null
  measured_at: number
  as_of: number
  /** The reading that was last written into the ledger. */
  recorded_at: number
  recorded_value: number | null
  recorded_state: ObjectiveState
  outbox: number
}

/** The series behind a sparkline. */
export interface ReadingsTable {
  card_id: string
  objective: string
  at: number
  scope: string
  value: number | null
  state: ObjectiveState
  outbox: number
}

export interface BadgesTable {
  card_id: string
  /** 1, 2, 3 … per card. */
  number: number
  scope: string
  at: number
  from_state: BadgeState | null
  to_state: BadgeState
  reasons: string
  outbox: number
}

/** A credential of a held badge. */
export interface CredentialsTable {
  /** Its place in the status lists; never used again. */
  number: number
  card_id: string
  scope: string
  hash: string
  /** Since when the badge was held when it was issued. */
  since: number
  /** Since when it is revoked. */
  ended: number | null
}

export interface DeclareTables extends SeriesTables {
  declare_cards: CardsTable
  declare_versions: VersionsTable
  declare_signatures: SignaturesTable
  declare_objectives: ObjectivesTable
  declare_readings: ReadingsTable
  declare_badges: BadgesTable
  declare_credentials: CredentialsTable
}
