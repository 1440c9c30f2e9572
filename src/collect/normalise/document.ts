import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { ipOf } from './address.ts'
import { type Draft, integer, put, safeKey } from './draft.ts'
import { IP_FIELD_SETS, LIST_FIELDS, LONG_FIELDS, MEMBER_OF_BARE, TEXT_FIELDS } from './ecs-types.ts'

/** Deeper members are kept as JSON text. */
export const MAX_LEVELS = 32
/** A document with more members is nobody's event. */
export const MAX_MEMBERS = 20_000

/** The pipeline sets it. */
const TIME = '@timestamp'

interface Budget {
  members: number
}

/**
 * A fresh, nested document of a client's JSON: dotted keys become nested ones, ECS fields get ECS types, foreign fields
 * stay as they are. A dotted key whose way is blocked by a value stays dotted, and a value that cannot become the type of
 * its ECS field, or that the pipeline will write over, is kept beside it as `…_original`: nothing is lost. `@timestamp` is
 * left out: its parser reads it, or calls `keepTime`. A text says why there is no document.
 */
export function normaliseDocument(json: JsonObject): Draft | string {
  const budget = { members: MAX_MEMBERS }
  const doc = copyObject(json, 1, budget, TIME)
  if (budget.members < 0) return `more than ${MAX_MEMBERS} members`
  for (const name in doc) if (!isJsonObject(doc[name]) && Object.hasOwn(MEMBER_OF_BARE, name)) wrapBare(doc, name)
  for (const name in doc) {
    const fields = TYPED.get(name)
    if (fields !== undefined) for (const field of fields) typeField(doc, field)
  }
  for (const name of IP_FIELD_SETS) if (doc[name] !== undefined) checkAddress(doc[name])
  const message = doc['message']
  if (message === null) delete doc['message']
  else if (message !== undefined && typeof message !== 'string') doc['message'] = textForm(message)
  if (isJsonObject(doc['event'])) for (const name of ['id', 'ingested']) keepAside(doc['event'] as Draft, name)
  return doc
}

/**
 * For a parser that could not read the time that the client gave: it stands beside the one that the pipeline sets. Set
 * before, and taken away again by those that can, it made a slow object (V8's dictionary mode) of every document.
 */
export function keepTime(doc: Draft, json: JsonObject): void {
  const time = json[TIME]
  if (time !== undefined && time !== null) doc['timestamp_original'] = copy(time, 1, { members: MAX_MEMBERS })
}

/**
 * A fresh copy of a client's JSON with dotted keys nested and nothing else changed, for a place under a product's own name. A text
 * says why there is none.
 */
export function nestedCopy(json: JsonObject): Draft | string {
  const budget = { members: MAX_MEMBERS }
  const copied = copyObject(json, 2, budget)
  return budget.members < 0 ? `more than ${MAX_MEMBERS} members` : copied
}

/** The pipeline sets these members: what the client had there stands beside them. */
function keepAside(draft: Draft, name: string): void {
  const value = draft[name]
  if (value === undefined) return
  delete draft[name]
  if (value !== null) draft[`${name.replace('@', '')}_original`] = value
}

function copyObject(json: JsonObject, level: number, budget: Budget, without?: string): Draft {
  const draft: Draft = {}
  let dotted: string[] | undefined
  for (const key in json) {
    if (--budget.members < 0) return draft
    if (key === without) continue
    if (key.includes('.')) {
      dotted ??= []
      dotted.push(key)
      continue
    }
    const value = json[key]
    if (value !== undefined) draft[safeKey(key)] = copy(value, level, budget)
  }
  if (dotted !== undefined) {
    for (const key of dotted) setDotted(draft, key, copy(json[key]!, level, budget), MAX_LEVELS - level)
  }
  return draft
}

function copy(value: JsonValue, level: number, budget: Budget): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (level >= MAX_LEVELS) return textForm(value)
  if (!Array.isArray(value)) return copyObject(value as JsonObject, level + 1, budget)
  const items: JsonValue[] = []
  for (const item of value as readonly JsonValue[]) {
    if (--budget.members < 0) return items
    items.push(copy(item, level + 1, budget))
  }
  return items
}

/** Members deeper than the engine's stack cannot be written as text; then this says so. */
function textForm(value: JsonValue): string {
  try {
    return JSON.stringify(value)
  } catch {
    return '(nested too deeply to be kept)'
  }
}

/** Where a part of the way is taken by a value, or the end by another one, the dotted key stays as it came. */
function setDotted(draft: Draft, key: string, value: JsonValue, levels: number): void {
  const parts = key.split('.')
  if (parts.length > levels || parts.includes('')) {
    draft[key] = value
    return
  }
  let here = draft
  const last = parts.length - 1
  for (let at = 0; at < last; at++) {
    const part = safeKey(parts[at]!)
    let next = Object.hasOwn(here, part) ? here[part] : undefined
    // `host: "x"` beside `host.ip: …`: the bare value has a place of its own.
    if (at === 0 && next !== undefined && !isJsonObject(next) && Object.hasOwn(MEMBER_OF_BARE, part)) {
      wrapBare(draft, part)
      next = draft[part]
    }
    if (next === undefined) {
      next = {}
      here[part] = next
    } else if (!isJsonObject(next)) {
      draft[key] = value
      return
    }
    here = next as Draft
  }
  const end = safeKey(parts[last]!)
  const old = Object.hasOwn(here, end) ? here[end] : undefined
  if (old === undefined) here[end] = value
  else if (isJsonObject(old) && isJsonObject(value)) mergeMissing(old as Draft, value, draft, key)
  else draft[key] = value
}

/** Adds what `target` lacks; what it has of another value is kept in `top` by its dotted name. Both are the document's own copies. */
function mergeMissing(target: Draft, more: JsonObject, top: Draft, way: string): void {
  for (const key in more) {
    const value = more[key]!
    const old = Object.hasOwn(target, key) ? target[key] : undefined
    if (old === undefined) target[key] = value
    else if (isJsonObject(old) && isJsonObject(value)) mergeMissing(old as Draft, value, top, `${way}.${key}`)
    else top[`${way}.${key}`] ??= value
  }
}

/** `"host": "x"` → `host.name`; null is no value; a list (`"user": ["a"]`) is kept as text. */
function wrapBare(doc: Draft, name: string): void {
  const value = doc[name]
  if (isJsonObject(value)) return
  delete doc[name]
  if (value === null || value === undefined) return
  const [first, second] = MEMBER_OF_BARE[name]!.split('.') as [string, string | undefined]
  const bare = typeof value === 'string' ? value : textForm(value)
  doc[name] = { [first]: second === undefined ? bare : { [second]: bare } }
}

interface TypedField {
  /** The members on the way to the one whose type is known. */
  readonly way: readonly string[]
  readonly name: string
  /** The value in its type, the same value if it is right already, or undefined if it cannot be. */
  readonly convert: (value: JsonValue) => JsonValue | undefined
}

/** By the first member of their paths: a document has few of all. */
const TYPED: ReadonlyMap<string, readonly TypedField[]> = Map.groupBy(
  [
    ...LONG_FIELDS.map((path) => typed(path, asLong)),
    ...TEXT_FIELDS.map((path) => typed(path, asText)),
    ...LIST_FIELDS.map((path) => typed(path, asList)),
  ],
  ({ way, name }) => way[0] ?? name,
)

function typed(path: string, convert: TypedField['convert']): TypedField {
  const parts = path.split('.')
  return { way: parts.slice(0, -1), name: parts.at(-1)!, convert }
}

function typeField(doc: Draft, { way, name, convert }: TypedField): void {
  let here = doc
  for (const part of way) {
    const next: JsonValue | undefined = here[part]
    if (!isJsonObject(next)) return
    here = next as Draft
  }
  const value = here[name]
  if (value === undefined) return
  if (value === null) {
    delete here[name]
    return
  }
  const right = convert(value)
  if (right === value) return
  delete here[name]
  put(here, right === undefined ? `${name}_original` : name, right ?? value)
}

function asLong(value: JsonValue): JsonValue | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : Math.trunc(value)
  if (typeof value !== 'string') return undefined
  const below = value.startsWith('-') ? integer(value.slice(1)) : undefined
  return below === undefined ? integer(value) : 0 - below
}

function asText(value: JsonValue): JsonValue | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'object' ? undefined : String(value)
}

function asList(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) return value
  return typeof value === 'string' ? [value] : undefined
}

/** `source.ip: "localhost"` is an address, not an `ip`. */
function checkAddress(fieldSet: JsonValue | undefined): void {
  if (!isJsonObject(fieldSet)) return
  const draft = fieldSet as Draft
  const value = draft['ip']
  if (value === undefined) return
  const ip = typeof value === 'string' ? ipOf(value) : undefined
  if (ip !== undefined) {
    draft['ip'] = ip
    draft['address'] ??= ip
    return
  }
  delete draft['ip']
  if (value !== null) draft[draft['address'] === undefined && typeof value === 'string' ? 'address' : 'ip_original'] = value
}
