import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'

/**
 * A deep copy in which the value at each dotted place is another one: a word that no rule knows, different for each place, and
 * for a number another number. `*` in a place is the first object that has the rest. Throws on a place that is not there.
 */
export function withOtherValues(doc: JsonObject, places: readonly string[]): JsonObject {
  const copy = structuredClone(doc) as MutableObject
  for (const [index, place] of places.entries()) {
    if (!replace(copy, place.split('.'), index)) throw new Error(`nothing stands at ${place}`)
  }
  return copy
}

type MutableObject = { [key: string]: JsonValue }

function replace(object: MutableObject, keys: readonly string[], index: number): boolean {
  const [key, ...rest] = keys as [string, ...string[]]
  if (key === '*')
    return Object.values(object).some((child) => isJsonObject(child) && replace(child as MutableObject, rest, index))
  const value = object[key]
  if (value === undefined) return false
  if (rest.length > 0) return isJsonObject(value) && replace(value as MutableObject, rest, index)
  object[key] = typeof value === 'number' ? 990_000 + index : `qzx${index}`
  return true
}
