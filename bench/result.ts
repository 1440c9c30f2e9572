/** What a benchmark prints: both sides were measured in the same run on the same bytes. `ratio` is numerator / denominator, both in `unit`. */
export interface BenchResult {
  readonly name: string
  readonly ratio: number
  readonly numerator: number
  readonly denominator: number
  readonly unit: string
  /** Resident memory, megabytes. */
  readonly rssMb: number
}
