const formats = new Map<string, Intl.DateTimeFormat>()
const offsets = new Map<string, number>()
/** Offsets change at full quarters of an hour. */
const QUARTER_MS = 15 * 60_000
const REMEMBERED = 4096

/** Whether this is a time zone by its IANA name (`Asia/Tokyo`, `Europe/Berlin`, `UTC`). */
export function isZone(zone: string): boolean {
  try {
    return /^[A-Za-z][A-Za-z0-9_+\-/]{1,63}$/.test(zone) && formatOf(zone) !== undefined
  } catch {
    return false
  }
}

/**
 * Minutes east of UTC in a zone at a time (milliseconds UTC), summer time included.
 * @throws RangeError for a name that is no zone.
 */
export function offsetOf(zone: string, at: number): number {
  const quarter = Math.floor(at / QUARTER_MS)
  const key = `${zone} ${quarter}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  const name = formatOf(zone)
    .formatToParts(quarter * QUARTER_MS)
    .find(({ type }) => type === 'timeZoneName')!.value
  // `GMT`, `GMT+09:00`, `GMT-03:30`.
  const match = /^GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(name)
  const minutes = match?.[1] === undefined ? 0 : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]))
  if (offsets.size >= REMEMBERED) offsets.clear()
  offsets.set(key, minutes)
  return minutes
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    formats.set(zone, format)
  }
  return format
}
