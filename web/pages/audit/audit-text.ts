import type { JsonObject, JsonValue } from '../../../src/kernel/json.ts'
import type { AuditItem } from '../../../src/prove/audit/schema.ts'

/** Names come from outside: an override of the writing direction inside one must not turn the sentence around it. */
export function isolate(text: string): string {
  return `\u2068${text}\u2069`
}

/** How the words of an entry are said in the reader's language. */
export interface Wording {
  /** A role, a grant, an outcome: a word of ours, or undefined where it is a name. */
  readonly word: (field: string, value: string) => string | undefined
  readonly list: (words: readonly string[]) => string
}

/** What a sentence may name: `target`, and every plain value of the entry's body under its own name. */
export function valuesOf({ target, body }: Pick<AuditItem, 'target' | 'body'>, wording: Wording): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [field, value] of Object.entries(body)) {
    const text = textOf(field, value, wording)
    if (text !== undefined) values[field] = text
  }
  return { ...values, target: isolate(target) }
}

function textOf(field: string, value: JsonValue | undefined, wording: Wording): string | undefined {
  if (value === null || value === undefined) return undefined
  if (Array.isArray(value)) {
    const words = value.flatMap((one) => textOf(field, one, wording) ?? [])
    return words.length === 0 ? undefined : wording.list(words)
  }
  if (typeof value === 'object') return objectText(field, value as JsonObject, wording)
  const text = String(value)
  return wording.word(field, text) ?? isolate(text)
}

/** `{role, scope}` reads `role (scope)`; other objects by their name. */
function objectText(field: string, object: JsonObject, wording: Wording): string | undefined {
  const role = textOf('role', object['role'], wording)
  if (role === undefined) return textOf(field, object['title'] ?? object['name'] ?? object['id'], wording)
  const scope = textOf('scope', object['scope'], wording)
  return scope === undefined ? role : `${role} (${scope})`
}

/** The names in braces of an ICU message, at any depth: `{target}`, `{count, plural, …}`. */
export function namesIn(message: string): readonly string[] {
  return [...message.matchAll(/\{\s*(\w+)\s*[,}]/g)].map((found) => found[1] ?? '')
}

/** Where it came from: an address that the entry names. */
export function addressOf(body: JsonObject): string {
  const address = body['address'] ?? body['from']
  return typeof address === 'string' ? address : ''
}

/** A day `YYYY-MM-DD` of the reader's zone as the instant it begins; `after` for the day that follows it. */
export function startOfDay(day: string, utc: boolean, after = false): string | undefined {
  const [year, month, date] = day.split('-').map(Number)
  if (year === undefined || month === undefined || date === undefined) return undefined
  const shown = date + (after ? 1 : 0)
  const at = utc ? Date.UTC(year, month - 1, shown) : new Date(year, month - 1, shown).getTime()
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
