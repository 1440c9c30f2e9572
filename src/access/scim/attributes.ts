import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { invalid, type ScimType } from './problem.ts'

export const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const NAME = /^[A-Za-z$][\w$-]{0,99}$/
/** Names that mean something to JavaScript; no attribute is called so. */
const RESERVED = new Set(['constructor', 'prototype', '__proto__'])

/**
 * An attribute path as names from the resource inwards: `name.givenName` is two, one of the enterprise extension begins
 * with its URN, the core schemas' URNs are left out (RFC 7644 §3.10).
 * @throws ScimProblem of `kind`.
 */
export function attributePath(text: string, kind: ScimType): readonly string[] {
  const [schema, rest] = withoutSchema(text)
  const names = rest === '' ? [] : rest.split('.')
  const path = schema === undefined ? names : [schema, ...names]
  if (path.length === 0 || path.length > 4 || names.some((name) => !isAttributeName(name))) {
    throw invalid(kind, `'${text.slice(0, 100)}' is not an attribute.`)
  }
  return path
}

function withoutSchema(text: string): readonly [string | undefined, string] {
  for (const urn of [CORE_USER, CORE_GROUP, ENTERPRISE_USER]) {
    if (text.slice(0, urn.length).toLowerCase() !== urn.toLowerCase()) continue
    const rest = text.slice(urn.length)
    if (rest === '' || rest.startsWith(':')) return [urn === ENTERPRISE_USER ? urn : undefined, rest.slice(1)]
  }
  return [undefined, text]
}

export function isAttributeName(name: string): boolean {
  return NAME.test(name) && !RESERVED.has(name)
}

/** The key of `object` that is `name` in any case: SCIM's attribute names have none (RFC 7643 §2.1). */
export function keyOf(object: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name
  const lower = name.toLowerCase()
  return Object.keys(object).find((key) => key.toLowerCase() === lower)
}

export function attribute(object: JsonObject, name: string): JsonValue | undefined {
  const key = keyOf(object, name)
  return key === undefined ? undefined : object[key]
}

/** Every value that a path leads to: through arrays each element counts, and an object stands for its `value`. */
export function valuesAt(from: JsonValue | undefined, path: readonly string[]): JsonValue[] {
  if (from === undefined || from === null) return []
  if (Array.isArray(from)) return (from as readonly JsonValue[]).flatMap((one) => valuesAt(one, path))
  const [name, ...rest] = path
  if (name === undefined) {
    if (!isJsonObject(from)) return [from]
    const value = attribute(from, 'value')
    return value === undefined || value === null ? [from] : [value]
  }
  return isJsonObject(from) ? valuesAt(attribute(from, name), rest) : []
}
