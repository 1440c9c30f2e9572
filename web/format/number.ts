import type { Lang } from './lang.ts'

const LOCALE: Readonly<Record<Lang, string>> = { en: 'en-GB', ja: 'ja-JP' }

const counts = { en: new Intl.NumberFormat(LOCALE.en), ja: new Intl.NumberFormat(LOCALE.ja) }
const decimals = new Map<string, Intl.NumberFormat>()

/** A whole number with digit groups: 1,487,302. */
export function formatCount(value: number, lang: Lang): string {
  return counts[lang].format(value)
}

/** At most `digits` decimals, trailing zeros dropped: 99.98, 88, 0.5. */
export function formatDecimal(value: number, lang: Lang, digits = 2): string {
  const key = `${lang}${digits}`
  let format = decimals.get(key)
  if (format === undefined) {
    format = new Intl.NumberFormat(LOCALE[lang], { maximumFractionDigits: digits })
    decimals.set(key, format)
  }
  return format.format(value)
}

/** `percent` is 0 to 100. Never rounds up to 100: 99.997 stays below it, because "all" is a claim. */
export function formatPercent(percent: number, lang: Lang): string {
  const shown = percent < 100 ? Math.min(percent, 99.99) : percent
  return `${formatDecimal(shown, lang)} %`
}

/** Bytes in powers of 1024, one decimal below ten: 6 KB, 1.4 MB. */
export function formatBytes(bytes: number, lang: Lang): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${formatDecimal(value, lang, value < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`
}

/** Events per second: one decimal below ten, whole above. */
export function formatRate(perSecond: number, lang: Lang): string {
  return formatDecimal(perSecond, lang, perSecond < 10 ? 1 : 0)
}
