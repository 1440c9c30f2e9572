import type { SettingView } from '../../../../src/app/care/schema.ts'
import type { JsonValue } from '../../../../src/kernel/json.ts'

/** A setting's value as people write it: lists joined by commas; undefined where nothing is set. */
export function valueText(value: JsonValue, bytes: (count: number) => string, fallback: JsonValue = null): string | undefined {
  if (value === null || value === '') return undefined
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(String).join(', ')
  // Spans are written `12 h` and held in milliseconds.
  if (typeof value === 'number' && typeof fallback === 'string' && SPAN.test(fallback)) return spanText(value, fallback)
  // Sizes are written `512 MB` and held in bytes.
  if (typeof value === 'number' && typeof fallback === 'string' && /\d\s*[kmg]b?$/i.test(fallback)) return bytes(value)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const SPAN = /^\d+ [dhms]$/
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** In the unit of the default, or the largest after it that leaves no rest. */
function spanText(ms: number, fallback: string): string {
  const from = UNITS.findIndex(([unit]) => fallback.endsWith(unit))
  const [unit, length] = UNITS.slice(from).find(([, length]) => ms % length === 0) ?? ['ms', 1]
  return `${ms / length} ${unit}`
}

/** The line that sets it in the configuration file, with its value now. */
export function fileLine({ key, value, fallback }: SettingView): string {
  const shown = value ?? fallback
  return `${key}: ${typeof shown === 'string' ? shown : JSON.stringify(shown)}`
}

/** Settings whose key, value or meaning has every word of the search, in any language. */
export function matching(settings: readonly SettingView[], search: string): readonly SettingView[] {
  const words = search.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean)
  return settings.filter((setting) => {
    const text = [setting.key, setting.variable, JSON.stringify(setting.value), setting.meaning.en, setting.meaning.ja]
      .join(' ')
      .normalize('NFKC')
      .toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
