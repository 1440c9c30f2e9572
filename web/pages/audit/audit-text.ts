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
  /** A role, already in words, and the scope it is held in; `*` is every one. */
  readonly roleIn: (role: string, scope: string) => string
  /** An RFC 3339 instant. */
  readonly time: (when: string) => string
}

export type Values = Readonly<Record<string, string | number>>

/** What a sentence may name: `target`, and every plain value of the entry's body under its own name. */
export function valuesOf({ target, body }: Pick<AuditItem, 'target' | 'body'>, wording: Wording): Values {
  const values: Record<string, string | number> = {}
  for (const [field, value] of Object.entries(body)) {
    const said = typeof value === 'number' ? value : textOf(field, value, wording)
    if (said !== undefined) values[field] = said
  }
  return { ...values, target: isolate(target) }
}

/** A role held in a scope, as entries say it. */
const ROLE_IN = /^([a-z]+) in (\S+)$/
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

function textOf(field: string, value: JsonValue | undefined, wording: Wording): string | undefined {
  if (value === null || value === undefined || value === '') return undefined
  if (Array.isArray(value)) {
    const words = value.flatMap((one) => textOf(field, one, wording) ?? [])
    return words.length === 0 ? undefined : wording.list(words)
  }
  if (typeof value === 'object') return objectText(field, value as JsonObject, wording)
  const text = String(value)
  if (INSTANT.test(text)) return wording.time(text)
  const [, role, scope] = ROLE_IN.exec(text) ?? []
  const said = role === undefined ? undefined : wording.word('role', role)
  if (said !== undefined && scope !== undefined) return wording.roleIn(said, scope)
  return wording.word(field, text) ?? isolate(text)
}

/** `{role, scope}` reads as a role in a scope; other objects by their name, or as they are. */
function objectText(field: string, object: JsonObject, wording: Wording): string | undefined {
  const role = textOf('role', object['role'], wording)
  if (role === undefined)
    return textOf(field, object['title'] ?? object['name'] ?? object['id'] ?? JSON.stringify(object), wording)
  const scope = object['scope']
  return typeof scope === 'string' ? wording.roleIn(role, scope) : role
}

/** What a message is given for a value that the entry does not have: plural counts none, select takes `none`. */
const MISSING = { plural: 0, number: 0, select: 'none' } as const

/**
 * The values that an ICU message names, at any depth, from those that there are. A value in a `select` is given as it is where the
 * message lists it, and else as `none` or `some`, since its text is not ours to list; it can be said again as it is, under the name with
 * `Text` after it.
 */
export function givenFor(message: string, values: Values): Values {
  const given: Record<string, string | number> = {}
  for (const [, name = '', kind] of message.matchAll(/\{\s*(\w+)\s*(?:,\s*(plural|number|select)\s*[,}]|\})/g)) {
    const value = values[name] ?? (name.endsWith('Text') ? values[name.slice(0, -4)] : undefined)
    if (kind === 'select') given[name] = chosen(message, name, value)
    else if (kind === 'plural' || kind === 'number') given[name] = typeof value === 'number' ? value : MISSING[kind]
    else given[name] = value ?? '–'
  }
  return given
}

function chosen(message: string, name: string, value: string | number | undefined): string {
  if (value === undefined) return MISSING.select
  // A selector has no hyphens.
  const plain = String(value)
    .replaceAll(/[\u2068\u2069]/g, '')
    .replaceAll('-', '_')
  const [, cases = ''] = message.split(new RegExp(`\\{\\s*${name}\\s*,\\s*select\\s*,`))
  return /^[a-z_]+$/.test(plain) && new RegExp(`(?:^|\\s)${plain}\\s*\\{`).test(cases) ? plain : 'some'
}

/** Where it came from: an address that the entry names. */
export function addressOf(body: JsonObject): string {
  const address = body['address']
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
