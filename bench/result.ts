/** What a benchmark prints: both sides were measured in the same run on the same bytes. `ratio` is numerator / denominator, both in `unit`. */
export interface BenchResult {
  readonly name: string
  readonly ratio: number
  readonly numerator: number
  readonly denominator: number
  readonly unit: string
  /** Resident memory, megabytes. */
  readonly rssMb: number
  /** The same numerator against another measure of the same run. */
  readonly beside?: { readonly what: string; readonly ratio: number; readonly denominator: number }
  /** Where one figure cannot tell all: each kind of work by itself. */
  readonly parts?: readonly BenchPart[]
}

/** One kind of work. */
export interface BenchPart extends Pick<BenchResult, 'ratio' | 'numerator' | 'denominator' | 'unit'> {
  readonly what: string
}
