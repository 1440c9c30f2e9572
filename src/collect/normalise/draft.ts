import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'

/** A document that is still being made. */
export type Draft = Record<string, JsonValue>

/**
 * A key that may be written with `draft[key] = …`. `__proto__` would set the prototype instead of a member; its value is
 * kept under another name, for an attacker's field is evidence too.
 */
export function safeKey(key: string): string {
  return key === '__proto__' ? '_proto_' : key
}

/** Sets what is known; an ECS field that is not known is absent, never null or empty. */
export function put(draft: Draft, key: string, value: JsonValue | undefined): void {
  if (value !== undefined) draft[key] = value
}

/** Sets an object only if it has a member. */
export function putObject(draft: Draft, key: string, value: JsonObject): void {
  for (const _member in value) {
    draft[key] = value
    return
  }
}

/** The text, or undefined for what log formats write where they have nothing: `''` and `-`. */
export function known(value: string | undefined): string | undefined {
  return value === undefined || value === '' || value === '-' ? undefined : value
}

/** A whole number from decimal or `0x` hexadecimal digits and nothing else; undefined beyond 2^53. */
export function integer(value: string | undefined): number | undefined {
  if (value === undefined || value.length === 0 || value.length > 20) return undefined
  const hex = value.length > 2 && value.charCodeAt(0) === 48 && (value.charCodeAt(1) | 32) === 120
  let number = 0
  for (let at = hex ? 2 : 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    const lower = code | 32
    if (code >= 48 && code <= 57) number = number * (hex ? 16 : 10) + (code - 48)
    else if (hex && lower >= 97 && lower <= 102) number = number * 16 + (lower - 87)
    else return undefined
  }
  return Number.isSafeInteger(number) ? number : undefined
}

/** Unique, known values for ECS `related.*`; undefined where there is none. */
export function related(...values: readonly (string | undefined)[]): JsonValue | undefined {
  let first: string | undefined
  let list: string[] | undefined
  for (const value of values) {
    if (value === undefined || value === '' || value === '-' || value === first) continue
    if (first === undefined) first = value
    else if (list === undefined) list = [first, value]
    else if (!list.includes(value)) list.push(value)
  }
  return list ?? (first === undefined ? undefined : [first])
}

/** Adds what the target lacks, down to `levels` below the top; what it has wins. Members of `more` become shared. */
export function fillMissing(target: Draft, more: JsonObject, levels: number): void {
  for (const key in more) {
    const value = more[key]!
    const there = target[key]
    if (there === undefined) target[key] = value
    else if (levels > 0 && isJsonObject(there) && isJsonObject(value)) fillMissing(there as Draft, value, levels - 1)
  }
}
