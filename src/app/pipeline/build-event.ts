import { DEFAULT_SCOPE, type ParsedEvent, type RawRecord, type StoredEvent } from '../../kernel/event.ts'
import { isoText } from '../../kernel/iso-text.ts'
import { isJsonObject, type JsonObject } from '../../kernel/json.ts'

/** A document that is still being made; parsers hand over fresh objects, so that setting three keys needs no copy. */
type Growing = Record<string, JsonObject[string]>

/**
 * Finishes a parser's document: `@timestamp` (observed, or received where the record carries no time), `event.id`,
 * `event.ingested`. Times are milliseconds UTC.
 */
export function finishDocument(
  parsed: ParsedEvent,
  id: string,
  receivedIso: string,
  received: number,
): { doc: JsonObject; observed: number } {
  const observed = parsed.observed ?? received
  const doc = parsed.ecs as Growing
  // A sender's own stays readable and means nothing to us.
  if (doc[OWN] !== undefined) {
    doc['sent_kanpeki'] = doc[OWN]
    delete doc[OWN]
  }
  doc['@timestamp'] = observed === received ? receivedIso : isoText(observed)
  const event = doc['event']
  if (isJsonObject(event)) {
    ;(event as Growing)['id'] = id
    ;(event as Growing)['ingested'] = receivedIso
  } else doc['event'] = { id, ingested: receivedIso }
  return { doc, observed }
}

/** Our own part of a document: `from` is the scope of the source, where the event was handed to another. */
const OWN = 'kanpeki'

/** Says in the document that the shared scope handed the event over, so that its source's accounts can be told after a crash. */
export function markHandedOver(doc: JsonObject): void {
  ;(doc as Growing)[OWN] = { from: DEFAULT_SCOPE }
}

/** Says which scenario of the self-test a document belongs to. Its scope keeps it apart from all others; this is for readers. */
export function markScenario(doc: JsonObject, scenario: string): void {
  const labels = doc['labels']
  ;(doc as Growing)['labels'] = { ...(isJsonObject(labels) ? labels : {}), kanpeki_scenario: scenario }
}

/** The scope of the source that brought an event: its accounts are kept there. */
export function sourceScope({ scope, doc }: Pick<StoredEvent, 'scope' | 'doc'>): string {
  const own = doc[OWN]
  return isJsonObject(own) && own['from'] === DEFAULT_SCOPE ? DEFAULT_SCOPE : scope
}

/** What is kept of a record that nobody could read: its text as it came, and why. */
export function unknownDocument(record: RawRecord, reason: string): ParsedEvent {
  const original = record.text ?? JSON.stringify(record.json ?? null)
  return {
    observed: undefined,
    ecs: {
      event: { kind: 'pipeline_error', original },
      error: { message: reason },
      message: original,
      ...(record.origin === undefined ? {} : { log: { source: { address: record.origin } } }),
    },
  }
}
