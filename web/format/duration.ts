import type { Lang } from './lang.ts'

const UNITS = {
  en: { d: ' d', h: ' h', m: ' min', s: ' s', ms: ' ms', join: ' ' },
  ja: { d: '日', h: '時間', m: '分', s: '秒', ms: 'ミリ秒', join: '' },
} as const

type Part = readonly [number, 'd' | 'h' | 'm' | 's']

/**
 * Two units at most, the second dropped when it is zero: 81 h 14 min, 6 min 20 s, 52 s.
 * Hours run to 96, because response targets are set in hours; days begin after that.
 */
export function formatDuration(seconds: number, lang: Lang): string {
  const units = UNITS[lang]
  const total = Math.abs(seconds)
  const sign = seconds < 0 ? '−' : ''
  if (total > 0 && total < 1) return `${sign}${Math.round(total * 1000)}${units.ms}`
  if (total < 10 && !Number.isInteger(total)) return `${sign}${(Math.round(total * 10) / 10).toString()}${units.s}`
  return sign + joined(split(Math.round(total)), lang)
}

function split(whole: number): readonly Part[] {
  const s = whole % 60
  const minutes = Math.floor(whole / 60)
  if (minutes === 0) return [[s, 's']]
  const m = minutes % 60
  const hours = Math.floor(minutes / 60)
  if (hours === 0)
    return [
      [m, 'm'],
      [s, 's'],
    ]
  if (hours < 96)
    return [
      [hours, 'h'],
      [m, 'm'],
    ]
  return [
    [Math.floor(hours / 24), 'd'],
    [hours % 24, 'h'],
  ]
}

function joined(parts: readonly Part[], lang: Lang): string {
  const units = UNITS[lang]
  const [first, ...rest] = parts
  const kept = [first, ...rest.filter(([value]) => value > 0)].filter((part) => part !== undefined)
  return kept.map(([value, unit]) => `${value}${units[unit]}`).join(units.join)
}

/** One unit, rounded down, for "how long ago": 41 s, 4 min, 3 h, 12 d. */
export function formatAge(milliseconds: number, lang: Lang): string {
  const units = UNITS[lang]
  const s = Math.max(0, Math.floor(milliseconds / 1000))
  if (s < 60) return `${s}${units.s}`
  if (s < 3600) return `${Math.floor(s / 60)}${units.m}`
  if (s < 86_400 * 2) return `${Math.floor(s / 3600)}${units.h}`
  return `${Math.floor(s / 86_400)}${units.d}`
}

/** Whole days, for validity: 38 d, 38日. */
export function formatDays(days: number, lang: Lang): string {
  return `${Math.round(days)}${UNITS[lang].d}`
}

/** A running clock: 1:55:42, or 0:07 under an hour. A passed deadline is −0:12. */
export function formatClock(milliseconds: number): string {
  const total = Math.floor(Math.abs(milliseconds) / 1000)
  const h = Math.floor(total / 3600)
  const m = Math.floor((total % 3600) / 60)
  const s = String(total % 60).padStart(2, '0')
  const sign = milliseconds < 0 ? '−' : ''
  return h > 0 ? `${sign}${h}:${String(m).padStart(2, '0')}:${s}` : `${sign}${m}:${s}`
}

/** The step between two clocks of one item: +1.738 s, +52 ms, +6 min 20 s. */
export function formatStep(milliseconds: number, lang: Lang): string {
  const units = UNITS[lang]
  const sign = milliseconds < 0 ? '−' : '+'
  const size = Math.abs(milliseconds)
  if (size < 1000) return `${sign}${size}${units.ms}`
  if (size < 60_000) return `${sign}${(size / 1000).toString()}${units.s}`
  return sign + formatDuration(size / 1000, lang)
}
