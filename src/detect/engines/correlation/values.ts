import { canonicalJson, type JsonValue } from '../../../kernel/json.ts'

/** `-` is how Windows and web servers write "no value": events must not be brought together by it. */
const PLACEHOLDERS: readonly string[] = ['', '-']

/** A list of one is its member; placeholders and null are no value. */
export function plainValue(value: JsonValue | undefined): JsonValue | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return PLACEHOLDERS.includes(value) ? undefined : value
  if (!Array.isArray(value)) return value
  const list = value as readonly JsonValue[]
  return list.length > 1 ? list : plainValue(list[0])
}

export function valueText(value: JsonValue): string {
  return typeof value === 'object' ? canonicalJson(value) : String(value)
}

/** The key of a group: each part with its length, so that no value can imitate another; case is folded. */
export function groupKey(scope: string, values: readonly JsonValue[]): string {
  let key = `${scope.length}:${scope}`
  for (const value of values) {
    const text = valueText(value).toLowerCase()
    key += `${text.length}:${text}`
  }
  return key
}

/** What value_count counts: the members of a list, or one tuple of several fields; empty when a value is missing. */
export function countedValues(values: readonly (JsonValue | undefined)[]): string[] {
  const plain = values.map(plainValue)
  if (plain.length > 1) return plain.some((value) => value === undefined) ? [] : [canonicalJson(plain as JsonValue[])]
  const [only] = plain
  if (only === undefined) return []
  if (!Array.isArray(only)) return [valueText(only)]
  const members = (only as readonly JsonValue[]).filter((member) => plainValue(member) !== undefined)
  return [...new Set(members.map(valueText))]
}

/** What the other value_* types reckon with: numbers and text that reads as a finite number. */
export function reckonedValues(values: readonly (JsonValue | undefined)[]): number[] {
  const only = plainValue(values[0])
  const list = Array.isArray(only) ? (only as readonly JsonValue[]) : [only]
  return list.flatMap((value) => {
    const number =
      typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
    return Number.isFinite(number) ? [number] : []
  })
}
