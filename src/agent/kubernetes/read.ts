import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'

// Objects of a cluster are read as what anybody may have written: a field of another form is one that is not there.

export const objectAt = (from: JsonObject | undefined, ...path: readonly string[]): JsonObject | undefined => {
  let here: JsonValue | undefined = from
  for (const name of path) here = isJsonObject(here) ? here[name] : undefined
  return isJsonObject(here) ? here : undefined
}

export const objectsAt = (from: JsonObject | undefined, name: string): readonly JsonObject[] => {
  const value = from?.[name]
  return Array.isArray(value) ? value.filter((one: JsonValue) => isJsonObject(one)) : []
}

const LONGEST = 1_024

export const textAt = (from: JsonObject | undefined, name: string): string | undefined => {
  const value = from?.[name]
  return typeof value === 'string' && value !== '' ? value.slice(0, LONGEST) : undefined
}

const MOST = 200

/** Texts of a list; of a long one its beginning. */
export const textsAt = (from: JsonObject | undefined, name: string): readonly string[] => {
  const value = from?.[name]
  return Array.isArray(value) ? value.filter((one: JsonValue) => typeof one === 'string').slice(0, MOST) : []
}

/** Without what is not there and what is empty. */
export function present(fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter(
      (field): field is [string, JsonValue] =>
        field[1] !== undefined && field[1] !== false && !(Array.isArray(field[1]) && field[1].length === 0),
    ),
  )
}

export const unique = (values: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(values.filter((value) => value !== undefined))].toSorted().slice(0, MOST)
