import type { JsonObject, JsonValue } from '../../../src/kernel/json.ts'

/** Where the ledger entry's exact text may break on screen: after each comma between members. */
export function breakable(canonical: string): readonly string[] {
  const parts: string[] = []
  let from = 0
  let quoted = false
  for (let at = 0; at < canonical.length; at += 1) {
    const char = canonical[at]
    if (quoted && char === '\\') at += 1
    else if (char === '"') quoted = !quoted
    else if (!quoted && char === ',') {
      parts.push(canonical.slice(from, at + 1))
      from = at + 1
    }
  }
  parts.push(canonical.slice(from))
  return parts
}

const NAMING = [
  'title',
  'name',
  'action',
  'measure',
  'rule',
  'card',
  'source',
  'verdict',
  'to',
  'objective',
  'writer',
  'hour',
  'id',
] as const

/** A few words for a list row: the first fields of the body that name something. */
export function gist(body: JsonObject): string {
  const words: string[] = []
  for (const field of NAMING) {
    const word = wordOf(body[field])
    if (word !== undefined && !words.includes(word)) words.push(word)
    if (words.length === 2) break
  }
  return words.join(' · ')
}

function wordOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'number') return String(value)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const object = value as JsonObject
    return wordOf(object['title'] ?? object['en'] ?? object['id'])
  }
  return undefined
}
