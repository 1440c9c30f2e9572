import type { JsonObject, JsonValue } from '../../kernel/json.ts'

/** Where events of the known shapes keep their time, the most trustworthy first. */
const PLACES: readonly (readonly string[])[] = [
  ['Event', 'System', 'TimeCreated', '#attributes', 'SystemTime'],
  ['Event', 'System', 'TimeCreated', '@SystemTime'],
  ['Event', 'System', 'TimeCreated_attributes', 'SystemTime'],
  ['TimeCreated'],
  ['@timestamp'],
  ['EventTime'],
  ['UtcTime'],
  ['TimeGenerated'],
  ['Timestamp'],
  ['eventTime'],
  ['requestReceivedTimestamp'],
  ['published'],
  ['timestamp'],
  ['ts'],
  ['time'],
]

/** Observed time of an event, milliseconds UTC, or undefined when it carries none that can be read. */
export function eventTime(doc: JsonObject): number | undefined {
  for (const place of PLACES) {
    let here: JsonValue | undefined = doc
    for (const key of place) {
      here = typeof here === 'object' && here !== null && !Array.isArray(here) ? (here as JsonObject)[key] : undefined
    }
    const time = here === undefined ? undefined : timeOf(here)
    if (time !== undefined) return time
  }
  return undefined
}

const ZONED = /(?:Z|[+-]\d{2}:?\d{2})$/

function timeOf(value: JsonValue): number | undefined {
  if (typeof value === 'number') return value > 1e8 ? (value < 1e11 ? value * 1000 : value) : undefined
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}[T ]/.test(value)) return undefined
  const text = value.replace(' ', 'T')
  const time = Date.parse(ZONED.test(text) ? text : `${text}Z`)
  return Number.isNaN(time) ? undefined : time
}
