import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { readPlace } from '../match/read-field.ts'
import type { FieldPlace } from '../shapes/event-class.ts'
import type { FieldSource } from './schema.ts'

/** Where a name of the stored event stands in one shape. */
export type PlacesOf = (name: string) => readonly FieldPlace[]

/** The places of one source, each with the conversion that the source asks for behind the shape's own. */
export function placesOfSource(source: FieldSource, placesOf: PlacesOf): readonly FieldPlace[] {
  if (typeof source === 'string') return placesOf(source)
  const convert = conversionOf(source, placesOf)
  return placesOf(source.from).map((place) => {
    const own = place.convert
    if (own === undefined) return { keys: place.keys, convert }
    return {
      keys: place.keys,
      convert: (value, doc) => {
        const plain = own(value, doc)
        return plain === undefined ? undefined : convert(plain, doc)
      },
    }
  })
}

type Conversion = (value: JsonValue, doc: JsonObject) => JsonValue

function conversionOf(source: Exclude<FieldSource, string>, placesOf: PlacesOf): Conversion {
  const steps: Conversion[] = []
  const { values, prefixes, before, after, hashes } = source
  if (hashes !== undefined) steps.push(hashList(hashes, placesOf))
  if (values !== undefined) {
    const table = new Map(Object.entries(values))
    steps.push((value) => (typeof value === 'string' ? (table.get(value) ?? value) : value))
  }
  if (prefixes !== undefined) {
    const table = Object.entries(prefixes).map(([prefix, other]) => [prefix.toLowerCase(), other] as const)
    steps.push((value) => (typeof value === 'string' ? withoutPrefix(value, table) : value))
  }
  if (before !== undefined) {
    const read = textReader(placesOf(before.field))
    steps.push((value, doc) => {
      const other = read(doc)
      return typeof value === 'string' && other !== undefined ? other + before.with + value : value
    })
  }
  if (after !== undefined) {
    const read = textReader(placesOf(after.field))
    const isOnce = after['unless-it-ends-so'] === true
    steps.push((value, doc) => {
      const other = read(doc)
      if (typeof value !== 'string' || other === undefined) return value
      return isOnce && value.toLowerCase().endsWith(other.toLowerCase()) ? value : value + after.with + other
    })
  }
  return (value, doc) => steps.reduce((converted, step) => step(converted, doc), value)
}

function withoutPrefix(value: string, table: readonly (readonly [string, string])[]): string {
  const lower = value.toLowerCase()
  const found = table.find(([prefix]) => lower.startsWith(prefix))
  return found === undefined ? value : found[1] + value.slice(found[0].length)
}

/** A text that is there; Windows writes `-` where there is none. */
function textReader(places: readonly FieldPlace[]): (doc: JsonObject) => string | undefined {
  return (doc) => {
    for (const place of places) {
      const value = readPlace(doc, place)
      if (value !== undefined) return typeof value === 'string' && value !== '' && value !== '-' ? value : undefined
    }
    return undefined
  }
}

function hashList(more: Readonly<Record<string, readonly string[]>>, placesOf: PlacesOf): Conversion {
  const others = Object.entries(more).map(([name, from]) => [name, textReader(from.flatMap(placesOf))] as const)
  return (value, doc) => {
    if (!isJsonObject(value)) return value
    const all: Record<string, JsonValue> = { ...value }
    for (const [name, read] of others) {
      const hash = read(doc)
      if (hash !== undefined) all[name] = hash
    }
    return Object.entries(all)
      .map(([name, hash]) => `${name.toUpperCase()}=${String(hash)}`)
      .join(',')
  }
}
