/** The calendar quarter of a moment (milliseconds UTC), as `2026-Q4`. */
export function quarterOf(ms: number): string {
  const date = new Date(ms)
  return `${date.getUTCFullYear()}-Q${Math.floor(date.getUTCMonth() / 3) + 1}`
}
