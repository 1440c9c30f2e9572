import type { Unit } from '../kernel/measure.ts'
import type { Bilingual, Comparator } from './schema.ts'

const SIGNS: Readonly<Record<Comparator, string>> = { '<=': '≤', '>=': '≥', '=': '=', '<': '<' }

/** A figure in words a reader uses: `1 min 48 s`, `91.1 %`, `38 d`; in Japanese `1分48秒`, `91.1 %`, `38日`. */
export function figureText(value: number, unit: Unit): Bilingual {
  switch (unit) {
    case 'percent':
      return both(`${plain(value)} %`)
    case 'count':
      return both(plain(value))
    case 'days':
      return { en: `${plain(value)} d`, ja: `${plain(value)}日` }
    case 'seconds':
      return spanText(value * 1000)
  }
}

export function targetText(comparator: Comparator, target: number, unit: Unit): Bilingual {
  const { en, ja } = figureText(target, unit)
  return { en: `${SIGNS[comparator]} ${en}`, ja: `${SIGNS[comparator]} ${ja}` }
}

const STEPS = [
  { ms: 86_400_000, en: 'd', ja: '日' },
  { ms: 3_600_000, en: 'h', ja: '時間' },
  { ms: 60_000, en: 'min', ja: '分' },
  { ms: 1000, en: 's', ja: '秒' },
] as const
/** Up to four days read better in hours: a limit of 72 h is written and missed in hours. */
const HOURS_UP_TO_MS = 4 * 86_400_000

/** A span in at most two units, rounded to the second; below ten seconds with a decimal, below one in milliseconds. */
export function spanText(ms: number): Bilingual {
  if (ms < 0) {
    const { en, ja } = spanText(-ms)
    return { en: `−${en}`, ja: `−${ja}` }
  }
  if (ms > 0 && ms < 995) {
    const count = plain(ms < 10 ? ms : Math.round(ms))
    return { en: `${count} ms`, ja: `${count}ミリ秒` }
  }
  if (ms < 9950 && ms % 1000 !== 0) {
    const tenths = plain(Math.round(ms / 100) / 10)
    return { en: `${tenths} s`, ja: `${tenths}秒` }
  }
  const first = ms < HOURS_UP_TO_MS ? 1 : 0
  let rest = Math.round(ms / 1000) * 1000
  const parts: { readonly count: number; readonly step: (typeof STEPS)[number] }[] = []
  for (const step of STEPS.slice(first)) {
    const count = Math.floor(rest / step.ms)
    rest -= count * step.ms
    if (parts.length > 0 || count > 0) parts.push({ count, step })
    if (parts.length === 2) break
  }
  const shown = parts.filter(({ count }) => count > 0)
  if (shown.length === 0) return { en: '0 s', ja: '0秒' }
  return {
    en: shown.map(({ count, step }) => `${plain(count)} ${step.en}`).join(' '),
    ja: shown.map(({ count, step }) => `${plain(count)}${step.ja}`).join(''),
  }
}

/** `2026-11-21 06:40 UTC`, the same in both languages. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

export function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

const DAY_MS = 86_400_000
const WEEKDAYS = {
  en: new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }),
  ja: new Intl.DateTimeFormat('ja-JP', { month: 'long', day: 'numeric', weekday: 'short', timeZone: 'UTC' }),
}

/** `Thursday 26 November`, with the time where it is less than two days away: nobody plans by the hour for next month. */
export function whenText(ms: number, now: number): Bilingual {
  const time = Math.abs(ms - now) < 2 * DAY_MS ? `${new Date(ms).toISOString().slice(11, 16)} UTC` : ''
  const [en, ja] = [WEEKDAYS.en.format(ms).replace(',', ''), WEEKDAYS.ja.format(ms)]
  return time === '' ? { en, ja } : { en: `${en}, ${time}`, ja: `${ja} ${time}` }
}

const DIGITS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 })

/** Digits are grouped alike in English and Japanese. */
function plain(value: number): string {
  return DIGITS.format(value)
}

function both(text: string): Bilingual {
  return { en: text, ja: text }
}
