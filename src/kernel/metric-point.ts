/** A figure that some other program measured, as telemetry carries it. */
export interface MetricPoint {
  readonly metric: string
  /** As the sender writes it (UCUM: `s`, `ms`, `%`, `1`); empty where it says none. */
  readonly unit: string
  readonly value: number
  /** Milliseconds UTC; null where the sender says none. */
  readonly at: number | null
  /** What it is of: of the resource, and of the point itself, which goes before. */
  readonly attributes: Readonly<Record<string, string>>
}

/** What became of points that were sent. */
export interface PointsTaken {
  readonly taken: number
  /** Of these points something was wrong: they must not be sent again. */
  readonly rejected: number
  /** Why, and what nothing asked for; undefined where all were taken. */
  readonly message: string | undefined
}
