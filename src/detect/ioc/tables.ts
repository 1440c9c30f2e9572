import type { IndicatorKind } from './indicator.ts'
import type { ListKind } from './schema.ts'

/** A list of indicators and how it is kept up to date. Times are milliseconds UTC. */
export interface IocListsTable {
  id: string
  scope: string
  name: string
  kind: ListKind
  /** Where it is fetched; null for one that people fill. */
  url: string | null
  user: string | null
  /** Sealed password or key. */
  secret: string | null
  confidence: number
  /** Days after which an indicator without an end of its own ends; null for never. */
  days: number | null
  /** Milliseconds between two fetches. */
  every: number
  /** 0 takes what guards would leave out. */
  guarded: 0 | 1
  /** What the server wants to be told to send only news. */
  cursor: string | null
  created: number
  /** Of the last change to its indicators; the matcher reads lists anew that are younger than what it has. */
  changed: number
  tried: number | null
  fetched: number | null
  error: string | null
  /** Of the last reading: what was left out, by reason, and the first few by name. */
  skipped: string
}

export interface IocIndicatorsTable {
  list_id: string
  scope: string
  kind: IndicatorKind
  value: string
  confidence: number
  until: number | null
  note: string
  /** The sender's own ids of what says it, with spaces between; null where it was said without one. */
  ref: string | null
  added: number
  /** 0: stored events are still to be searched for it. */
  past: 0 | 1
}

export interface IocTables {
  detect_ioc_lists: IocListsTable
  detect_ioc_indicators: IocIndicatorsTable
}
