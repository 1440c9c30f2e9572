import type { ConnectionKind } from './schema.ts'

/** Times are milliseconds UTC. */
export interface ConnectionsTable {
  id: string
  scope: string
  name: string
  kind: ConnectionKind
  /** JSON: what may be shown. */
  settings: string
  /** Sealed for `respond_connections:ID`: JSON of what may not. */
  secret: string | null
  /** JSON: the names of the sealed values. */
  sealed: string
  enabled: 0 | 1
  by_name: string
  created: number
  updated: number
}

export interface ConnectionTables {
  respond_connections: ConnectionsTable
}
