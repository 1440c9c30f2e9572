import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { type Draft, safeKey } from '../../../normalise/draft.ts'
import type { BodyLimits, IngestBody, SplitBody } from '../body.ts'
import { RecordCollector } from '../collector.ts'
import { eachDocument } from '../documents.ts'
import type { WebhookMapping } from '../schema.ts'

/** Any JSON: an object, several, or a list of them; read as the source's mapping says, if it has one. */
export function splitGeneric(input: IngestBody, limits: BodyLimits): SplitBody {
  const collector = new RecordCollector(input, limits)
  const { mapping } = input
  eachDocument(input.body, collector, limits.maxLineBytes, (json) => {
    const found = mapping?.records === undefined ? json : valueAt(json, mapping.records)
    if (found === undefined) {
      return collector.unreadable(Buffer.from(JSON.stringify(json)), `there is nothing at ${mapping?.records ?? ''}`)
    }
    for (const event of Array.isArray(found) ? (found as readonly JsonValue[]) : [found]) {
      if (isJsonObject(event)) collector.document(mapped(event, mapping))
      else collector.unreadable(Buffer.from(JSON.stringify(event)), 'not a JSON object')
    }
  })
  return collector.split()
}

/** The event with the mapping's names beside its own members; what it has in their place already stays as `…_original`. */
function mapped(event: JsonObject, mapping: WebhookMapping | undefined): JsonObject {
  if (mapping === undefined) return event
  const doc: Draft = { ...event }
  for (const [name, path] of Object.entries(mapping.fields)) {
    const value = valueAt(event, path)
    if (value !== undefined && value !== null) set(doc, name, value)
  }
  for (const [name, value] of Object.entries(mapping.constants)) set(doc, name, value)
  return doc
}

/** Objects on the way are copied: they are the event's own. */
function set(doc: Draft, name: string, value: JsonValue): void {
  const steps = name.split('.').map(safeKey)
  const last = steps.pop()!
  let here = doc
  for (const step of steps) {
    const there = Object.hasOwn(here, step) ? here[step] : undefined
    if (there !== undefined && !isJsonObject(there)) here[`${step}_original`] = there
    const next: Draft = isJsonObject(there) ? { ...there } : {}
    here[step] = next
    here = next
  }
  const old = Object.hasOwn(here, last) ? here[last] : undefined
  if (old !== undefined && old !== value) here[`${last}_original`] = old
  here[last] = value
}

/** What is at a dotted path; a number is a place in a list, and a member whose own name has dots goes before the way. */
export function valueAt(json: JsonValue, path: string): JsonValue | undefined {
  if (isJsonObject(json) && Object.hasOwn(json, path)) return json[path]
  let here: JsonValue | undefined = json
  for (const step of path.split('.')) {
    if (Array.isArray(here)) here = (here as readonly JsonValue[])[Number(step)]
    else if (isJsonObject(here) && Object.hasOwn(here, step)) here = here[step]
    else return undefined
  }
  return here
}
