/** Times are milliseconds UTC. */
export interface HoldsTable {
  id: string
  /** Whose events it keeps; `*` is everybody's. */
  scope: string
  name: string
  /** In the search language. */
  query: string
  /** Observed time, `ends` exclusive; null is open. */
  begins: number | null
  ends: number | null
  /** Who answers for it, for instance counsel. */
  owner: string
  reason: string
  by_id: string
  by_name: string
  created: number
  /** Null until it is released. */
  until: number | null
  released: number | null
  released_by: string | null
}

export interface ErasuresTable {
  id: string
  /** Whose events; `*` is everybody's. */
  scope: string
  state: 'running' | 'done'
  /** JSON of what was asked for: blanked when it is done, since it names the person. */
  request: string
  reason: string
  by_id: string
  by_name: string
  created: number
  finished: number | null
  /** So far. */
  events: number
  batches: number
  hours: number
  /** Events that a legal hold keeps. */
  held: number
}

export interface RetentionTables {
  retention_holds: HoldsTable
  retention_erasures: ErasuresTable
}
