import type { JsonValue } from '../../../../kernel/json.ts'

/** The texts that a value holds: itself, each element of an array, an object as its JSON. Null and missing hold none. */
export function textsOf(value: JsonValue | undefined): readonly string[] {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap((element) => textsOf(element))
  return [typeof value === 'object' ? JSON.stringify(value) : String(value)]
}

/** Every text of an event, at any depth, for keyword searches. Keys are not searched. */
export function* everyText(value: JsonValue): Generator<string> {
  if (value === null) return
  if (typeof value === 'string') yield value
  else if (typeof value !== 'object') yield String(value)
  else for (const member of Object.values(value)) yield* everyText(member)
}
