/** Bounds of memory; what they cost is counted and shown. */
export interface BehaviourLimits {
  /** Users and hosts that are followed at once, over all scopes; the longest unseen go first. */
  readonly entities: number
  /** Values that are remembered of one feature of one entity. */
  readonly values: number
  /** Values whose spread among all entities of a scope is remembered, a feature. */
  readonly shared: number
}

/** A profile with every book full takes some 37 kB, most a fifth of that. */
export const LIMITS: BehaviourLimits = { entities: 10_000, values: 48, shared: 20_000 }

/** What the bounds have cost since the beginning. */
export interface BehaviourCosts {
  /** Entities that were forgotten to make place; they are learned anew. */
  evicted: number
  /** Values that were forgotten: seen again, they count as new. */
  forgotten: number
  /** Events of a day that was over for their entity: they teach values, and no volume. */
  late: number
}

/** Active days before an entity is judged by its own past. */
export const LEARNING_DAYS = 7
/** Days of volume that are kept. */
export const DAYS_KEPT = 28
/** A value that was not seen for so many days is rare, not usual. */
export const LONG_AGO_DAYS = 21
/** Half-life of what was found odd about an entity. */
export const HALF_LIFE_MS = 12 * 3_600_000
/** Odd enough for an alert, whatever the days before were like. */
export const LEAST_SCORE = 2.5
/** Alerts a day and scope that the bar aims at. */
export const ALERTS_A_DAY = 5
