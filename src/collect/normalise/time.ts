const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** RFC 3164 carries no year: a record may come from a clock this far ahead, otherwise it is last year's. */
const AHEAD_MS = 31 * DAY_MS

const MONTHS: Readonly<Record<string, number>> = {
  Jan: 0,
  Feb: 1,
  Mar: 2,
  Apr: 3,
  May: 4,
  Jun: 5,
  Jul: 6,
  Aug: 7,
  Sep: 8,
  Oct: 9,
  Nov: 10,
  Dec: 11,
}

/**
 * RFC 3339 and its common relatives: `T` or a space, `.` or `,` before a fraction of any length (cut to milliseconds),
 * and `Z`, `±hh:mm`, `±hhmm` or no zone. Milliseconds UTC, or undefined if it is none.
 *
 * @param zoneMinutes minutes east of UTC of a text without a zone; undefined refuses such a text.
 */
export function isoTime(text: string, zoneMinutes: number | undefined): number | undefined {
  const length = text.length
  if (length < 19 || length > 40) return undefined
  const between = text.charCodeAt(10)
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45 || (between !== 84 && between !== 32 && between !== 116))
    return undefined
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return undefined
  const at = utc(digits(text, 0, 4), digits(text, 5, 2) - 1, digits(text, 8, 2), text, 11)
  if (at === undefined) return undefined
  let index = 19
  let milliseconds = 0
  const point = text.charCodeAt(index)
  if (point === 46 || point === 44) {
    let scale = 100
    for (index = 20; index < length; index++) {
      const digit = text.charCodeAt(index) - 48
      if (digit < 0 || digit > 9) break
      milliseconds += digit * scale
      scale = scale === 100 ? 10 : scale === 10 ? 1 : 0
    }
    if (index === 20) return undefined
  }
  const zone = zoneAt(text, index, zoneMinutes)
  return zone === undefined ? undefined : at + milliseconds - zone * MINUTE_MS
}

/**
 * RFC 3164 section 4.1.2, `Mmm dd hh:mm:ss` at `from` (15 characters): in the source's zone, in the year that puts it
 * nearest before `received`, at most a month after it.
 */
export function syslogTime(text: string, from: number, received: number, zoneMinutes: number): number | undefined {
  const month = MONTHS[text.slice(from, from + 3)]
  if (month === undefined || text.charCodeAt(from + 3) !== 32 || text.charCodeAt(from + 6) !== 32) return undefined
  const day = text.charCodeAt(from + 4) === 32 ? digits(text, from + 5, 1) : digits(text, from + 4, 2)
  const year = new Date(received).getUTCFullYear()
  for (let candidate = year + 1; candidate >= year - 1; candidate--) {
    const at = utc(candidate, month, day, text, from + 7)
    if (at !== undefined && at - zoneMinutes * MINUTE_MS <= received + AHEAD_MS) return at - zoneMinutes * MINUTE_MS
  }
  // 29 February is in one year of four: the last leap year is the best guess.
  for (let candidate = year - 2; candidate > year - 9; candidate--) {
    const at = utc(candidate, month, day, text, from + 7)
    if (at !== undefined) return at - zoneMinutes * MINUTE_MS
  }
  return undefined
}

/** The common log format's `10/Oct/2000:13:55:36 -0700`; the zone is part of it. */
export function accessTime(text: string): number | undefined {
  const month = MONTHS[text.slice(3, 6)]
  if (text.length !== 26 || month === undefined || text[2] !== '/' || text[6] !== '/' || text[11] !== ':') return undefined
  const at = utc(digits(text, 7, 4), month, digits(text, 0, 2), text, 12)
  const zone = zoneAt(text, 21, undefined)
  return at === undefined || zone === undefined ? undefined : at - zone * MINUTE_MS
}

/** BIND's `19-Oct-2022 05:34:02.425`, in the source's zone. */
export function bindTime(text: string, zoneMinutes: number): number | undefined {
  const month = MONTHS[text.slice(3, 6)]
  if (text.length !== 24 || month === undefined || text[2] !== '-' || text[6] !== '-' || text[20] !== '.') return undefined
  const at = utc(digits(text, 7, 4), month, digits(text, 0, 2), text, 12)
  const milliseconds = digits(text, 21, 3)
  return at === undefined || Number.isNaN(milliseconds) ? undefined : at + milliseconds - zoneMinutes * MINUTE_MS
}

/** nginx's `2025/11/05 20:47:03`, in the source's zone. */
export function slashTime(text: string, zoneMinutes: number): number | undefined {
  if (text.length < 19 || text[4] !== '/' || text[7] !== '/' || text[10] !== ' ') return undefined
  const at = utc(digits(text, 0, 4), digits(text, 5, 2) - 1, digits(text, 8, 2), text, 11)
  return at === undefined ? undefined : at - zoneMinutes * MINUTE_MS
}

/** ctime(3) as Apache's error log has it: `Thu Oct 13 12:24:49.880562 2022`, the fraction optional, in the source's zone. */
export function ctime(text: string, zoneMinutes: number): number | undefined {
  const month = MONTHS[text.slice(4, 7)]
  const year = digits(text, text.length - 4, 4)
  if (month === undefined || text.length < 24 || text.length > 34 || text[text.length - 5] !== ' ') return undefined
  const day = text.charCodeAt(8) === 32 ? digits(text, 9, 1) : digits(text, 8, 2)
  const at = utc(year, month, day, text, 11)
  const milliseconds = text[19] === '.' ? digits(`${text.slice(20, text.length - 5)}00`, 0, 3) : 0
  return at === undefined || Number.isNaN(milliseconds) ? undefined : at + milliseconds - zoneMinutes * MINUTE_MS
}

/** HAProxy's `04/Apr/2024:14:30:18.885`, in the source's zone. */
export function haproxyTime(text: string, zoneMinutes: number): number | undefined {
  const month = MONTHS[text.slice(3, 6)]
  if (text.length !== 24 || month === undefined || text[2] !== '/' || text[6] !== '/' || text[11] !== ':') return undefined
  const at = utc(digits(text, 7, 4), month, digits(text, 0, 2), text, 12)
  const milliseconds = digits(text, 21, 3)
  return at === undefined || Number.isNaN(milliseconds) ? undefined : at + milliseconds - zoneMinutes * MINUTE_MS
}

/** MySQL's old `221128  4:49:17`: two digits of the year, the hour padded with a space; in the source's zone. */
export function shortTime(text: string, zoneMinutes: number): number | undefined {
  if (text.length !== 15 || text[6] !== ' ') return undefined
  const at = utc(2000 + digits(text, 0, 2), digits(text, 2, 2) - 1, digits(text, 4, 2), text.replace('  ', ' 0'), 7)
  return at === undefined ? undefined : at - zoneMinutes * MINUTE_MS
}

/** Zone in minutes east at `index`, which must end the text. */
function zoneAt(text: string, index: number, otherwise: number | undefined): number | undefined {
  const rest = text.length - index
  if (rest === 0) return otherwise
  const sign = text.charCodeAt(index)
  if (rest === 1) return (sign | 32) === 122 ? 0 : undefined
  if (sign !== 43 && sign !== 45) return undefined
  const colon = text.charCodeAt(index + 3) === 58
  if (rest !== (colon ? 6 : 5)) return undefined
  const hours = digits(text, index + 1, 2)
  const minutes = digits(text, index + (colon ? 4 : 3), 2)
  if (!(hours < 24 && minutes < 60)) return undefined
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes)
}

/** `hh:mm:ss` at `clock` of that day; undefined where a part is out of range. A leap second counts as the next second. */
function utc(year: number, month: number, day: number, text: string, clock: number): number | undefined {
  const hour = digits(text, clock, 2)
  const minute = digits(text, clock + 3, 2)
  const second = digits(text, clock + 6, 2)
  if (!(year >= 1000 && month >= 0 && month < 12 && day >= 1 && hour < 24 && minute < 60 && second <= 60)) return undefined
  if (day > (month === 1 ? (isLeap(year) ? 29 : 28) : month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31)) {
    return undefined
  }
  return Date.UTC(year, month, day, hour, minute, second)
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

/** The number of `count` digits at `from`, or NaN. */
function digits(text: string, from: number, count: number): number {
  let number = 0
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 48
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    number = number * 10 + digit
  }
  return number
}
