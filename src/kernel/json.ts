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
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('JSON has no NaN or Infinity')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const object = value as JsonObject
  const parts: string[] = []
  for (const key of Object.keys(object).sort()) {
    const member = object[key]
    if (member !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(member)}`)
  }
  return `{${parts.join(',')}}`
}
