const ISO = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?)?)?)?(Z|[+-]\d{2}:?\d{2})?$/
const RELATIVE = /^now(?:-(\d{1,6})([smhdw]))?$/
const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** The span of time that a text names, `to` exclusive: `2026-08` is a month, a time with milliseconds a millisecond. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Reads RFC 3339 in any precision (UTC unless it says otherwise), `now`, and `now-15m` (s m h d w). */
export function readTime(text: string, now: number): Span | undefined {
  const relative = RELATIVE.exec(text)
  if (relative !== null) {
    const from = now - Number(relative[1] ?? 0) * (MS[relative[2] ?? 's'] ?? 0)
    return { from, to: from + 1 }
  }
  const parts = ISO.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, zone] = parts
  const fields = [year, month, day, hour, minute, second].map((part) => (part === undefined ? undefined : Number(part)))
  const given = fields.indexOf(undefined)
  const precision = fraction === undefined ? (given < 0 ? 6 : given) : 7
  const [y = 0, mo = 1, d = 1, h = 0, mi = 0, s = 0] = fields
  if (mo < 1 || mo > 12 || d < 1 || d > daysIn(y, mo) || h > 23 || mi > 59 || s > 59) return undefined
  const shift = zoneMs(zone)
  const at = (more: number) => utc(y, mo - 1 + (precision === 2 ? more : 0), d) - shift
  const from = at(0) + h * 3_600_000 + mi * 60_000 + s * 1000 + Math.floor(Number(`0.${fraction ?? 0}`) * 1000)
  const step = [0, 0, 0, 86_400_000, 3_600_000, 60_000, 1000, 1][precision] ?? 0
  if (precision === 1) return { from, to: utc(y + 1, 0, 1) - shift }
  return { from, to: precision === 2 ? at(1) : from + step }
}

/** `Date.UTC` takes the years 0 to 99 for those of the last century. */
function utc(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day)
}

function daysIn(year: number, month: number): number {
  return new Date(utc(year, month, 0)).getUTCDate()
}

function zoneMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}
