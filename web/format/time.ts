import type { Lang } from './lang.ts'
import { zoneLabel } from './zone.ts'

type Fields = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string>>

const formats = new Map<string, Intl.DateTimeFormat>()

function fields(at: number, timeZone: string): Fields {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(timeZone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]))
  return parts as Fields
}

/** 14:02:19 */
export function formatTime(at: number, timeZone: string): string {
  const f = fields(at, timeZone)
  return `${f.hour}:${f.minute}:${f.second}`
}

/** 14:02 */
export function formatMinute(at: number, timeZone: string): string {
  const f = fields(at, timeZone)
  return `${f.hour}:${f.minute}`
}

/** 14:02:19.408: what an investigator needs. */
export function formatTimeMs(at: number, timeZone: string): string {
  return `${formatTime(at, timeZone)}.${String(((at % 1000) + 1000) % 1000).padStart(3, '0')}`
}

/** 2026-11-21: the form for figures and tables, the same in both languages. */
export function formatDate(at: number, timeZone: string): string {
  const f = fields(at, timeZone)
  return `${f.year}-${f.month}-${f.day}`
}

/** 2026-11-21 06:40 JST */
export function formatDateTime(at: number, timeZone: string): string {
  return `${formatDate(at, timeZone)} ${formatMinute(at, timeZone)} ${zoneLabel(timeZone, at)}`
}

/** 2026-11-22 14:02:19.408 JST */
export function formatExact(at: number, timeZone: string): string {
  return `${formatDate(at, timeZone)} ${formatTimeMs(at, timeZone)} ${zoneLabel(timeZone, at)}`
}

/** 24 Nov, 11月24日: for sentences. */
export function formatDay(at: number, timeZone: string, lang: Lang): string {
  return new Intl.DateTimeFormat(lang === 'ja' ? 'ja-JP' : 'en-GB', {
    timeZone,
    day: 'numeric',
    month: lang === 'ja' ? 'long' : 'short',
  }).format(at)
}

/** As `formatDay`; a day of another year than this one is said with it, for nobody knows otherwise which is meant. */
export function formatNearDay(at: number, timeZone: string, lang: Lang, now: number): string {
  const near = fields(at, timeZone).year === fields(now, timeZone).year
  return near ? formatDay(at, timeZone, lang) : formatLongDay(at, timeZone, lang)
}

/** 31 Dec 2026, 2026年12月31日: for sentences. */
export function formatLongDay(at: number, timeZone: string, lang: Lang): string {
  return new Intl.DateTimeFormat(lang === 'ja' ? 'ja-JP' : 'en-GB', {
    timeZone,
    day: 'numeric',
    month: lang === 'ja' ? 'long' : 'short',
    year: 'numeric',
  }).format(at)
}

/** Start of the day that holds `at`, in the zone; for "today" and "yesterday". */
export function sameDay(a: number, b: number, timeZone: string): boolean {
  return formatDate(a, timeZone) === formatDate(b, timeZone)
}
