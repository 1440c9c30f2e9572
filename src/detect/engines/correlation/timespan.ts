const SECOND = 1000
const UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
  d: 86_400 * SECOND,
  w: 7 * 86_400 * SECOND,
  M: 30 * 86_400 * SECOND,
  y: 365 * 86_400 * SECOND,
}

/**
 * Milliseconds of a Sigma timespan (`90s`, `5m`, `1h`, `30d`, `2w`, `1M`, `1y`), or undefined where it is not one.
 * A month is 30 days and a year 365: a sliding window has no calendar.
 */
export function parseTimespan(text: string): number | undefined {
  const match = /^([1-9]\d{0,8})([smhdwMy])$/.exec(text.trim())
  const unit = UNITS[match?.[2] ?? '']
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit
}
