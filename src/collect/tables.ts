import type { CompletenessTables } from './completeness/tables.ts'
import type { MaskingTables } from './masking/tables.ts'
import type { Counts, SourceKind } from './schema.ts'

/** The eight accounts of `Counts`, each a column. */
export type CountColumns = Counts

/** A source and its accounts since it was first seen. Times are milliseconds UTC; `config` and `parsers` are JSON. */
export interface SourcesTable extends CountColumns {
  scope: string
  id: string
  kind: SourceKind
  title: string
  enabled: 0 | 1
  /** Empty for a source that exists because somebody sent to it. */
  config: string
  zone_minutes: number
  /** IANA name of the zone of lines without one; empty: `zone_minutes`. */
  zone: string
  parsers: string
  /** The longest silence that is normal; null: none is expected. */
  expected_seconds: number | null
  created: number
  /** Received time of the last stored record. */
  last_event: number | null
  lag_ms: number | null
}

/** The same accounts for one minute; a minute in which nothing happened has no row. */
export interface MinutesTable extends CountColumns {
  scope: string
  source: string
  /** Start of the minute, milliseconds UTC. */
  minute: number
  /** Minutes since the last minute with a record before this one; 0 if there was none. 1 is no silence at all. */
  quiet: number
}

export interface CollectTables extends CompletenessTables, MaskingTables {
  collect_sources: SourcesTable
  collect_minutes: MinutesTable
}
