import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { FalcoFault } from '../fault.ts'

/** One document of a rule file, as a YAML reader gives it. */
export interface FalcoDocument {
  readonly file: string
  readonly value: unknown
  /** 1-based line of the deepest part of the path that exists. */
  lineOf(path: readonly (string | number)[]): number
}

const KINDS = ['rule', 'macro', 'list', 'required_engine_version', 'required_plugin_versions'] as const
export type ItemKind = (typeof KINDS)[number]

/** One entry of a file. */
export interface Item {
  readonly kind: ItemKind
  readonly name: string
  readonly fields: JsonObject
  readonly file: string
  readonly index: number
  line(key?: string): number
}

/** Whether a YAML document is a file of Falco's: a list whose entries are rules, macros, lists or versions. */
export function isFalcoDocument(value: unknown): value is readonly JsonValue[] {
  if (!Array.isArray(value)) return false
  const entries = value.filter((entry) => entry !== null)
  return entries.length > 0 && entries.some((entry) => isJsonObject(entry) && KINDS.some((kind) => Object.hasOwn(entry, kind)))
}

/** The entries of a document in their order; `stray` is told of what is none. Empty entries are Falco's own habit. */
export function itemsOf(document: FalcoDocument, stray: (line: number, reason: string) => void): Item[] {
  const items: Item[] = []
  if (!isFalcoDocument(document.value)) return items
  for (const [index, entry] of document.value.entries()) {
    if (entry === null) continue
    const kind = isJsonObject(entry) ? KINDS.find((each) => Object.hasOwn(entry, each)) : undefined
    if (kind === undefined || !isJsonObject(entry)) {
      stray(document.lineOf([index]), `an entry that is none of ${KINDS.join(', ')}`)
      continue
    }
    const { file, lineOf } = document
    const line = (key?: string) => lineOf(key === undefined ? [index] : [index, key])
    items.push({ kind, name: String(entry[kind]), fields: entry, file, index, line })
  }
  return items
}

export function textOf(item: Item, key: string): string | undefined {
  const value = item.fields[key]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object') throw new FalcoFault('field-type', `'${key}' must be a text`, key)
  return String(value)
}

/** A list of texts; one text alone is a list of one. */
export function textsOf(item: Item, key: string): readonly string[] | undefined {
  const value = item.fields[key]
  if (value === undefined || value === null) return undefined
  const entries = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  return entries.map((entry) => {
    if (typeof entry === 'object' && entry !== null) throw new FalcoFault('field-type', `'${key}' must be a list of texts`, key)
    return entry === null ? '' : String(entry)
  })
}
