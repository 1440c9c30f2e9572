/** A search that somebody keeps. Times are milliseconds UTC. */
export interface SearchesTable {
  id: string
  scope: string
  name: string
  query: string
  /** How far back it looks, as the console names it (`24h`), null where it names a fixed span or none. */
  span: string | null
  begins: number | null
  ends: number | null
  owner_id: string
  owner_name: string
  /** Seen by everybody in the scope. */
  shared: 0 | 1
  created: number
  updated: number
}

export interface SearchTables {
  saved_searches: SearchesTable
}
