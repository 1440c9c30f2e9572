const DAY = 86_400_000
export const WEEK_MS = 7 * DAY

/** A week of ISO 8601, from Monday, by a fixed distance from UTC. Times are milliseconds UTC, `to` exclusive. */
export interface Week {
  /** `2026-W47`. */
  readonly id: string
  readonly from: number
  readonly to: number
}

/** The week that a moment lies in. @param minutes east of UTC. */
export function weekOf(at: number, minutes: number): Week {
  const shift = minutes * 60_000
  const day = Math.floor((at + shift) / DAY)
  // 1970-01-01 was a Thursday, the fourth day of its week.
  const monday = day - ((((day + 3) % 7) + 7) % 7)
  const thursday = new Date((monday + 3) * DAY)
  const year = thursday.getUTCFullYear()
  const number = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / WEEK_MS) + 1
  const from = monday * DAY - shift
  return { id: `${year}-W${String(number).padStart(2, '0')}`, from, to: from + WEEK_MS }
}

/** The Monday and the Sunday of a week, as dates. */
export function daysOf({ id }: Pick<Week, 'id'>): { readonly first: string; readonly last: string } {
  const { from } = parseWeek(id, 0)!
  const date = (at: number) => new Date(at).toISOString().slice(0, 10)
  return { first: date(from), last: date(from + 6 * DAY) }
}

/** The week of a name; undefined if there is none such (2026 has 53 weeks, 2025 has 52). */
export function parseWeek(id: string, minutes: number): Week | undefined {
  const match = /^(\d{4})-W(\d{2})$/.exec(id)
  if (match === null) return undefined
  // The fourth of January is always in the first week.
  const first = weekOf(Date.UTC(Number(match[1]), 0, 4, 12) - minutes * 60_000, minutes)
  const week = weekOf(first.from + (Number(match[2]) - 1) * WEEK_MS + WEEK_MS / 2, minutes)
  return week.id === id ? week : undefined
}
