import type { ParseContext, ParsedEvent, RawRecord, Unknown } from '../../kernel/event.ts'
import type { Parser } from '../../kernel/plugin.ts'
import { jsonEcs } from '../parsers/json-ecs/json-ecs.ts'
import { parsers } from '../parsers/registry.ts'
import { readShippedLine } from './shipped-line.ts'

export interface Parsed {
  /** Id of the parser that read it. */
  readonly parser: string
  readonly events: readonly ParsedEvent[]
}

const byId: ReadonlyMap<string, Parser> = new Map(parsers.map((parser) => [parser.id, parser]))

/**
 * Reads a record with the parsers that its source prefers, then with the others, each only if it accepts the record. The
 * first one that can read it wins; otherwise an Unknown with the reason of the first that tried. A line of a log inside a
 * shipper's JSON document is read by its own parser. Never throws.
 */
export function parseRecord(record: RawRecord, context: ParseContext): Parsed | Unknown {
  let reason: string | undefined
  for (const id of context.prefer) {
    const parser = byId.get(id)
    if (parser === undefined || !parser.accepts(record)) continue
    const events = parser.parse(record, context)
    if (!('unknown' in events)) return { parser: id, events }
    reason ??= events.unknown
  }
  for (const parser of parsers) {
    if (context.prefer.includes(parser.id) || !parser.accepts(record)) continue
    const events = parser.parse(record, context)
    if (!('unknown' in events)) {
      const shipped = parser === jsonEcs ? readShippedLine(events[0]!, parsers, context) : undefined
      return shipped ?? { parser: parser.id, events }
    }
    reason ??= events.unknown
  }
  return { unknown: reason ?? (record.text?.trim() === '' ? 'an empty line' : 'no parser knows this format') }
}
