import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import type { Language } from '../../platform/report/model.ts'
import type { Bundle } from '../verify/bundle-format.ts'
import { utf8 } from '../verify/bytes.ts'
import { parseEntry, type ReadEntry } from '../verify/entry.ts'

/** An entry of a bundle, read. */
export interface Found extends ReadEntry {
  readonly index: number
  /** When it was logged, milliseconds UTC. */
  readonly at: number
}

/** The entries that can be read, oldest first. */
export function entriesOf(bundle: Bundle): readonly Found[] {
  return bundle.entries.flatMap(({ index, entry }) => {
    const read = parseEntry(utf8(entry))
    return typeof read === 'string' ? [] : [{ ...read, index, at: Date.parse(read.logged) }]
  })
}

/** A body comes from whatever version wrote it: what is not there, or is something else, reads as nothing. */
export function textIn(body: JsonObject, key: string): string | undefined {
  const value = body[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function numberIn(body: JsonObject, key: string): number | undefined {
  const value = body[key]
  return typeof value === 'number' ? value : undefined
}

export function objectIn(body: JsonObject, key: string): JsonObject {
  const value = body[key]
  return isJsonObject(value) ? value : {}
}

export function listIn(body: JsonObject, key: string): readonly JsonValue[] {
  const value = body[key]
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

/** `{en, ja}` in the reader's language; a plain text is for everybody. */
export function wordsIn(body: JsonObject, key: string, language: Language): string | undefined {
  return textIn(body, key) ?? textIn(objectIn(body, key), language)
}

/** Who did it: a name, or the name in `{id, name}`. */
export function whoIn(body: JsonObject): string | undefined {
  return textIn(body, 'by') ?? textIn(objectIn(body, 'by'), 'name') ?? textIn(body, 'signer') ?? textIn(body, 'name')
}

/** A moment, milliseconds UTC; undefined where there is none that can be read. */
export function timeIn(body: JsonObject, key: string): number | undefined {
  const at = Date.parse(textIn(body, key) ?? '')
  return Number.isNaN(at) ? undefined : at
}

/** `P1` is the gravest. */
export function severityIn(body: JsonObject): string {
  const severity = numberIn(body, 'severity')
  return severity === undefined ? '' : `P${severity}`
}
