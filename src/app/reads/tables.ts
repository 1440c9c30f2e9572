import type { ReadKind } from './schema.ts'

/** Who searched or opened what. Times are milliseconds UTC. */
export interface ReadsTable {
  scope: string
  by_id: string
  by_name: string
  kind: ReadKind
  what: string
  /** SHA-256 of `what`: part of the key where `what` itself may be long. */
  what_hash: string
  /** Tens of minutes since 1970, in which the same is one row. */
  slot: number
  first: number
  last: number
  times: number
}

export interface ReadTables {
  app_reads: ReadsTable
}
