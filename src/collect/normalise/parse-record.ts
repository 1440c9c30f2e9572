import { messageOf } from '../../kernel/error.ts'
import type { ParseContext, ParsedEvent, RawRecord, Unknown } from '../../kernel/event.ts'
import type { Parser } from '../../kernel/plugin.ts'
import { parsers } from '../parsers/registry.ts'
import { wazuh } from '../parsers/wazuh/wazuh.ts'
import { type Draft, fillMissing } from './draft.ts'
import { type Hit, hitOf } from './elastic-hit.ts'
import { readShippedLine } from './shipped-line.ts'
import { isoTime } from './time.ts'
import { withEvent } from './wazuh-event.ts'

export interface Parsed {
  /** Id of the parser that read it. */
  readonly parser: string
  readonly events: readonly ParsedEvent[]
}

const byId: ReadonlyMap<string, Parser> = new Map(parsers.map((parser) => [parser.id, parser]))

/** Parsers of documents whose message may be a line of a log that somebody else wrote. */
const SHIPPERS: ReadonlySet<string> = new Set(['json-ecs', 'journald'])

/**
 * Reads a record with the parsers that its source prefers, then with the others, each only if it accepts the record. The
 * first one that can read it wins; otherwise an Unknown with the reason of the first that tried. A line of a log inside a
 * shipper's JSON document, and the event behind an alert of Wazuh's, are read by their own parsers; so is the document
 * inside a hit that Elasticsearch exported. Never throws: a fault of a parser is the record's, which is kept as an Unknown, and
 * stops nothing else.
 */
export function parseRecord(record: RawRecord, context: ParseContext): Parsed | Unknown {
  try {
    return read(record, context)
  } catch (error) {
    return { unknown: `a fault in a parser, please report it: ${messageOf(error)}` }
  }
}

function read(record: RawRecord, context: ParseContext): Parsed | Unknown {
  const hit = record.json === undefined ? undefined : hitOf(record.json)
  if (hit === undefined) return parse(record, context)
  const parsed = parse({ ...record, json: hit.document }, context)
  return 'unknown' in parsed ? parsed : { ...parsed, events: parsed.events.map((event) => ofHit(event, hit)) }
}

function parse(record: RawRecord, context: ParseContext): Parsed | Unknown {
  let reason: string | undefined
  for (const id of context.prefer) {
    const parser = byId.get(id)
    if (parser === undefined || !parser.accepts(record)) continue
    const events = parser.parse(record, context)
    if (!('unknown' in events)) return finished(parser, record, events, context)
    reason ??= events.unknown
  }
  for (const parser of parsers) {
    if (context.prefer.includes(parser.id) || !parser.accepts(record)) continue
    const events = parser.parse(record, context)
    if (!('unknown' in events)) {
      const shipped = SHIPPERS.has(parser.id) ? readShippedLine(events[0]!, parsers, context) : undefined
      return shipped ?? finished(parser, record, events, context)
    }
    reason ??= events.unknown
  }
  return { unknown: reason ?? (record.text?.trim() === '' ? 'an empty line' : 'no parser knows this format') }
}

function finished(parser: Parser, { json }: RawRecord, events: readonly ParsedEvent[], context: ParseContext): Parsed {
  if (parser !== wazuh || json === undefined) return { parser: parser.id, events }
  return { parser: parser.id, events: events.map((alert) => withEvent(json, alert, parsers, context)) }
}

/**
 * The time is the one that the document was indexed by, for its line may tell one without a zone. Where the document was
 * stands beside, for whoever wants to find it there again.
 */
function ofHit({ observed, ecs }: ParsedEvent, { index, id, document }: Hit): ParsedEvent {
  fillMissing(ecs as Draft, { elasticsearch: { index: { name: index }, document: { id } } }, 2)
  const time = document['@timestamp']
  return { observed: (typeof time === 'string' ? isoTime(time, 0) : undefined) ?? observed, ecs }
}
