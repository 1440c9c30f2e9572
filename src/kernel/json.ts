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
  // ECMAScript writes strings and numbers as RFC 8785 §3.2.2 asks for, and much faster than we could: only keys must be in order.
  const ordered = inOrder(value)
  return ordered === undefined ? written(value) : JSON.stringify(ordered)
}

/** The value where its keys are in order, else a copy in which they are; undefined where no object can have that order. */
function inOrder(value: JsonValue): JsonValue | undefined {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('JSON has no NaN or Infinity')
    return value
  }
  return Array.isArray(value) ? arrayInOrder(value) : objectInOrder(value as JsonObject)
}

function arrayInOrder(items: readonly JsonValue[]): JsonValue | undefined {
  let copy: JsonValue[] | undefined
  for (const [at, item] of items.entries()) {
    const ordered = inOrder(item)
    if (ordered === undefined) return undefined
    if (ordered === item) continue
    copy ??= [...items]
    copy[at] = ordered
  }
  return copy ?? items
}

function objectInOrder(object: JsonObject): JsonValue | undefined {
  const keys = Object.keys(object)
  const sorted = areInOrder(keys)
  // An object has the keys that are numbers first, whatever was set first, and one key that is no member at all.
  if (!sorted && keys.some((key) => startsWithDigit(key) || key === '__proto__')) return undefined
  let copy: Record<string, JsonValue> | undefined = sorted ? undefined : {}
  for (const key of sorted ? keys : keys.sort()) {
    const member = object[key]
    if (member === undefined) continue
    const ordered = inOrder(member)
    if (ordered === undefined) return undefined
    if (copy === undefined && ordered !== member) copy = { ...object }
    if (copy !== undefined) copy[key] = ordered
  }
  return copy ?? object
}

function areInOrder(keys: readonly string[]): boolean {
  for (let at = 1; at < keys.length; at++) if (keys[at - 1]! > keys[at]!) return false
  return true
}

function startsWithDigit(key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= 0x30 && first <= 0x39
}

/** The same for any order of keys. */
function written(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`
  const object = value as JsonObject
  const members = Object.keys(object)
    .sort()
    .flatMap((key) => (object[key] === undefined ? [] : [`${JSON.stringify(key)}:${written(object[key])}`]))
  return `{${members.join(',')}}`
}
