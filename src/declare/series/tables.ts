import type { Unit } from '../../kernel/measure.ts'

/** A series of figures from outside. Times are milliseconds UTC. */
export interface SeriesTable {
  scope: string
  id: string
  unit: Unit
  title_en: string
  title_ja: string
  definition: string
  /** JSON of `Pull`; null for a series that is pushed. */
  pull: string | null
  /** Sealed. */
  secret: string | null
  by_name: string
  created: number
  /** When it was last asked, whether or not it answered. */
  asked_at: number | null
  failing_since: number | null
  fault: string | null
}

export interface SamplesTable {
  scope: string
  series: string
  at: number
  /** When it was given to us. */
  received: number
  value: number
  good: number
  bad: number
  unknown: number
  by_name: string
  outbox: number
}

export interface SeriesTables {
  declare_series: SeriesTable
  declare_samples: SamplesTable
}
