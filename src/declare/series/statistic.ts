/** What of the samples of a window may count. */
export const STATISTICS = ['last', 'mean', 'min', 'max', 'p95', 'sum'] as const
export type Statistic = (typeof STATISTICS)[number]

/** @param values at least one, oldest first; a year of one a minute is half a million. */
export function statisticOf(statistic: Statistic, values: readonly number[]): number {
  switch (statistic) {
    case 'last':
      return values[values.length - 1]!
    case 'mean':
      return sumOf(values) / values.length
    case 'sum':
      return sumOf(values)
    case 'min':
      return values.reduce((least, value) => Math.min(least, value))
    case 'max':
      return values.reduce((most, value) => Math.max(most, value))
    case 'p95':
      // Nearest rank: a figure that was really measured.
      return values.toSorted((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1]!
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
