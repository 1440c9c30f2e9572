export type JsonValue = string | number | boolean | null | JsonObject | readonly JsonValue[]
export interface JsonObject {
  readonly [key: string]: JsonValue
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Reads a dotted path (`process.parent.name`) from a nested document.
 * A key that itself holds dots (`{"process.name": …}`) wins over the nested way, as Elasticsearch reads it.
 */
export function getPath(doc: JsonObject, path: string): JsonValue | undefined {
  const direct = doc[path]
  if (direct !== undefined) return direct
  let from = 0
  let here: JsonObject = doc
  for (;;) {
    const dot = path.indexOf('.', from)
    const key = dot < 0 ? path.slice(from) : path.slice(from, dot)
    if (!Object.hasOwn(here, key)) return undefined
    const next = here[key]
    if (dot < 0) return next
    if (!isJsonObject(next)) return undefined
    here = next
    from = dot + 1
  }
}

/**
 * RFC 8785 (JSON Canonicalization Scheme): keys sorted by UTF-16 code units, no white space.
 * Leaves of the ledger are these bytes, so that any other implementation computes the same hash.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === 'string') return quoted(value)
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('JSON has no NaN or Infinity')
    return String(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const object = value as JsonObject
  let members = ''
  for (const key of inOrder(Object.keys(object))) {
    const member = object[key]
    if (member !== undefined) members += `${members === '' ? '' : ','}${quoted(key)}:${canonicalJson(member)}`
  }
  return `{${members}}`
}

/** What a JSON string must escape; a surrogate may stand alone, and is then escaped too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must be escaped
const TO_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/

function quoted(text: string): string {
  return TO_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** Sorted by UTF-16 code units, as RFC 8785 §3.2.3 asks; mostly they are so already. */
function inOrder(keys: string[]): string[] {
  for (let at = 1; at < keys.length; at++) if (keys[at - 1]! > keys[at]!) return keys.sort()
  return keys
}
