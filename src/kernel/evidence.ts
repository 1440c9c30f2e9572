import type { JsonObject } from './json.ts'

/** Kinds of ledger entries. Each leaf is the canonical JSON of a LedgerEntry. */
export const ENTRY_TYPES = [
  'batch',
  'segment',
  'alert',
  'verdict',
  'rule',
  'card',
  'measure',
  'evaluation',
  'badge',
  'signin',
  'admin',
  'source',
  'scenario',
  'artefact',
  'incident',
  'run',
] as const
export type EntryType = (typeof ENTRY_TYPES)[number]

/**
 * What is written into the ledger. Times are RFC 3339 UTC with milliseconds.
 * `outbox` is the state store's sequence: strictly growing, so that a gap can be named.
 */
export interface LedgerEntry {
  readonly v: 1
  readonly type: EntryType
  readonly scope: string
  readonly outbox: number
  readonly observed: string
  readonly received: string
  readonly logged: string
  readonly body: JsonObject
}

/** What a room asks to be recorded; the outbox adds sequence and times. */
export interface Evidence {
  readonly type: EntryType
  readonly scope: string
  /** Milliseconds UTC. */
  readonly observed: number
  readonly received: number
  readonly body: JsonObject
}
