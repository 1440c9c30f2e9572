/** A figure at a moment, milliseconds UTC. */
export interface Point {
  readonly at: number
  readonly value: number
}

/** The line that figures follow: `level` at the moment asked about, and its change a millisecond. */
export interface Trend {
  readonly level: number
  readonly slope: number
}

/** Fewer points than this say nothing of where they lead. */
const FEWEST = 6
/** More are thinned out evenly: every pair of points has its slope. */
const MOST = 60
/** Two-sided 5 % of the normal distribution. */
const SIGNIFICANT_Z = 1.959_964

/**
 * The trend of figures that come at uneven times and may jump: Theil–Sen's slope (Sen, 1968, JASA 63), which a third of
 * wild values cannot turn, and only where the Mann–Kendall test with its correction for ties finds that there is one.
 * @param points in the order of time.
 * @param now the moment that `level` is of.
 * @returns undefined where there are too few, or nothing but noise.
 */
export function trendOf(points: readonly Point[], now: number): Trend | undefined {
  const some = thinned(points)
  if (some.length < FEWEST) return undefined
  const slopes: number[] = []
  let s = 0
  for (const [index, one] of some.entries())
    for (const other of some.slice(index + 1)) {
      if (other.at <= one.at) continue
      slopes.push((other.value - one.value) / (other.at - one.at))
      s += Math.sign(other.value - one.value)
    }
  if (slopes.length === 0 || !isSignificant(s, some)) return undefined
  const slope = median(slopes)
  if (slope === 0) return undefined
  return { slope, level: median(some.map(({ at, value }) => value + slope * (now - at))) }
}

function isSignificant(s: number, points: readonly Point[]): boolean {
  const n = points.length
  const ties = [...Map.groupBy(points, ({ value }) => value).values()].map((same) => same.length)
  const spread = (count: number): number => count * (count - 1) * (2 * count + 5)
  const variance = (spread(n) - ties.reduce((sum, count) => sum + spread(count), 0)) / 18
  if (variance <= 0) return false
  return Math.abs(s - Math.sign(s)) / Math.sqrt(variance) > SIGNIFICANT_Z
}

function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST) return points
  const step = (points.length - 1) / (MOST - 1)
  return Array.from({ length: MOST }, (_, index) => points[Math.round(index * step)]!)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
