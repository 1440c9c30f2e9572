import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { integer, known } from './draft.ts'

/** The value at a dotted path, or under the dotted name itself; undefined where there is none, or null. */
export function pick(json: JsonObject, path: string): JsonValue | undefined {
  const whole = Object.hasOwn(json, path) ? json[path] : undefined
  if (whole !== undefined) return whole === null ? undefined : whole
  let here: JsonValue | undefined = json
  for (const key of path.split('.')) {
    if (!isJsonObject(here) || !Object.hasOwn(here, key)) return undefined
    here = here[key]
  }
  return here === null ? undefined : here
}

/** The first of the paths that holds a text (or a number, as text) that says something. */
export function pickText(json: JsonObject, ...paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const value = pick(json, path)
    const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? known(value) : undefined
    if (text !== undefined) return text
  }
  return undefined
}

/** The first of the paths that holds a number, or digits. */
export function pickNumber(json: JsonObject, ...paths: readonly string[]): number | undefined {
  for (const path of paths) {
    const value = pick(json, path)
    if (typeof value === 'number' && Number.isFinite(value)) return value
    const read = typeof value === 'string' ? integer(value) : undefined
    if (read !== undefined) return read
  }
  return undefined
}

/** The first of the paths that holds a whole number that JSON can hold exactly (an ECS `long`). */
export function pickInteger(json: JsonObject, ...paths: readonly string[]): number | undefined {
  for (const path of paths) {
    const number = pickNumber(json, path)
    if (number !== undefined && Number.isSafeInteger(number)) return number
  }
  return undefined
}

/** A member that is an object, or the JSON text of one, as Azure writes members of members. */
export function pickObject(json: JsonObject, ...paths: readonly string[]): JsonObject | undefined {
  for (const path of paths) {
    const value = read(pick(json, path))
    if (isJsonObject(value)) return value
  }
  return undefined
}

/** A member that is a list, or the JSON text of one. */
export function pickList(json: JsonObject, ...paths: readonly string[]): readonly JsonValue[] {
  for (const path of paths) {
    const value = read(pick(json, path))
    if (Array.isArray(value)) return value as readonly JsonValue[]
  }
  return []
}

const MAX_INNER = 262_144

function read(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'string') return value
  const first = value.charCodeAt(0)
  if ((first !== 123 && first !== 91) || value.length > MAX_INNER) return value
  try {
    return JSON.parse(value) as JsonValue
  } catch {
    return value
  }
}
