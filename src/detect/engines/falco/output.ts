import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { fieldText } from './condition/ast.ts'
import { parseCondition } from './condition/parse.ts'
import type { FalcoClass } from './event-class.ts'
import { type Place, textForm } from './fields/field.ts'

/** How the matcher reads one place of an event. */
export type ReadPlace = (doc: JsonObject, place: Place) => JsonValue | undefined

const NOTHING = '<NA>'
/** A field of an output: `%proc.name`, `%jevt.value[/a/b]`; or with functions: `%tolower(proc.name)`. */
const NAME = String.raw`[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z][a-zA-Z0-9_]*)+(?:\[[^\]]*\])?`
const FIELD = new RegExp(`%((?:tolower|toupper|b64|basename|len)\\((?:${NAME})\\)|${NAME})`, 'g')

export interface RenderedOutput {
  readonly text: string
  /** Dotted path in the event → value, for the fields that the event has. */
  readonly fields: JsonObject
}

/** What Falco would print for the event. A field that the event does not have is `<NA>`. */
export function renderOutput(output: string, eventClass: FalcoClass, doc: JsonObject, read: ReadPlace): RenderedOutput {
  const fields: Record<string, JsonValue> = {}
  const text = output.replace(FIELD, (whole, written: string) => {
    const name = nameOf(written)
    if (name === undefined) return whole
    for (const place of eventClass.places(name)) {
      const value = read(doc, place)
      if (value === undefined || value === null) continue
      const path = place.keys.join('.')
      if (path !== '') fields[path] = value
      return Array.isArray(value) ? `(${(value as readonly JsonValue[]).map(textForm).join(',')})` : textForm(value)
    }
    return NOTHING
  })
  return { text, fields }
}

function nameOf(written: string): string | undefined {
  try {
    const parsed = parseCondition(`${written} exists`)
    return parsed.kind === 'check' ? fieldText(parsed.field) : undefined
  } catch {
    return undefined
  }
}
