import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import type { FieldPlace } from '../shapes/event-class.ts'

/** Reads a field from a document; undefined where it is missing. */
export type FieldReader = (doc: JsonObject) => JsonValue | undefined

/** Names that every object inherits: they are only fields when the object has them itself. */
const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

function isPlain(place: FieldPlace): boolean {
  return place.convert === undefined && !place.keys.some((key) => key === '*' || INHERITED.has(key))
}

/** A reader that takes the first place that holds anything, null included. */
export function fieldReader(places: readonly FieldPlace[]): FieldReader {
  if (places.every((place) => isPlain(place) && place.keys.length === 1))
    return topLevelReader(places.map((place) => place.keys[0]!))
  if (places.every(isPlain)) return plainReader(places.map(({ keys }) => keys))
  return (doc) => {
    for (const place of places) {
      const value = readPlace(doc, place)
      if (value !== undefined) return value
    }
    return undefined
  }
}

function topLevelReader(names: readonly string[]): FieldReader {
  const [first] = names
  if (first === undefined) return () => undefined
  if (names.length === 1) return (doc) => doc[first]
  return (doc) => {
    for (const name of names) {
      const value = doc[name]
      if (value !== undefined) return value
    }
    return undefined
  }
}

/** Asked of every event for some dozens of fields: no key is looked up to see what it means. */
function plainReader(places: readonly (readonly string[])[]): FieldReader {
  return (doc) => {
    for (let at = 0; at < places.length; at += 1) {
      const value = descendPlain(doc, places[at]!)
      if (value !== undefined) return value
    }
    return undefined
  }
}

function descendPlain(doc: JsonObject, keys: readonly string[]): JsonValue | undefined {
  let here: JsonValue | undefined = doc
  for (let at = 0; at < keys.length; at += 1) {
    if (typeof here !== 'object' || here === null) return undefined
    if (Array.isArray(here)) return collect(here as readonly JsonValue[], keys, at)
    here = (here as JsonObject)[keys[at]!]
  }
  return here
}

/**
 * The value at one place. On the way an array stands for all its elements: their values are collected into one array.
 */
export function readPlace(doc: JsonObject, place: FieldPlace): JsonValue | undefined {
  const value = descend(doc, place.keys, 0)
  if (value === undefined) return undefined
  return place.convert === undefined ? value : place.convert(value, doc)
}

function descend(from: JsonValue, keys: readonly string[], index: number): JsonValue | undefined {
  let here: JsonValue = from
  for (let at = index; at < keys.length; at += 1) {
    if (typeof here !== 'object' || here === null) return undefined
    if (Array.isArray(here)) return collect(here, keys, at)
    const key = keys[at]!
    const object = here as JsonObject
    if (key === '*') return firstChild(object, keys, at + 1)
    if (INHERITED.has(key) && !Object.hasOwn(object, key)) return undefined
    const next: JsonValue | undefined = object[key]
    if (next === undefined) return undefined
    here = next
  }
  return here
}

function collect(array: readonly JsonValue[], keys: readonly string[], at: number): JsonValue | undefined {
  const found: JsonValue[] = []
  for (const element of array) {
    const value = descend(element, keys, at)
    if (Array.isArray(value)) found.push(...(value as readonly JsonValue[]))
    else if (value !== undefined) found.push(value)
  }
  return found.length === 0 ? undefined : found
}

function firstChild(object: JsonObject, keys: readonly string[], at: number): JsonValue | undefined {
  for (const key of Object.keys(object)) {
    const child = object[key]
    if (typeof child !== 'object' || child === null) continue
    const value = descend(child, keys, at)
    if (value !== undefined) return value
  }
  return undefined
}
