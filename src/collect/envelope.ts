import { getPath, isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { type Draft, safeKey } from './normalise/draft.ts'
import { isDocument } from './record.ts'

const BRACE = '{'
const SPACES = /^\s*/

/** Dotted ECS names and their values; undefined and empty ones are left out. */
export type Words = Readonly<Record<string, JsonValue | undefined>>

/**
 * An event with what its protocol said about it: what the event itself says wins, for its program wrote it, and the
 * protocol's word then stands under `envelope`. An event that is a text becomes the message, or, where it is a JSON object,
 * the document.
 */
export function enveloped(event: JsonValue, words: Words): JsonObject {
  const doc: Draft = { ...(isJsonObject(event) ? event : (documentIn(event) ?? { message: textOf(event) })) }
  const beaten: Draft = {}
  for (const [name, value] of Object.entries(words)) {
    if (value === undefined || value === '') continue
    const there = getPath(doc, name)
    if (there === undefined && !blocked(doc, name)) doc[safeKey(name)] = value
    else if (there !== value) beaten[safeKey(name)] = value
  }
  if (Object.keys(beaten).length > 0) doc['envelope'] = beaten
  return doc
}

/** Loggers send their JSON as text to protocols that carry lines. */
function documentIn(event: JsonValue): JsonObject | undefined {
  if (typeof event !== 'string' || event.charAt(SPACES.exec(event)![0].length) !== BRACE) return undefined
  try {
    const value: unknown = JSON.parse(event)
    return isDocument(value) ? value : undefined
  } catch {
    return undefined
  }
}

function textOf(event: JsonValue): string {
  return typeof event === 'string' ? event : JSON.stringify(event)
}

/** Whether a bare value stands where the name would need an object: `host: "web1"` beside `host.name`. */
function blocked(doc: JsonObject, name: string): boolean {
  const dot = name.indexOf('.')
  const root = dot < 0 ? undefined : doc[name.slice(0, dot)]
  return root !== undefined && !isJsonObject(root)
}
