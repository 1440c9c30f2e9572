import type { ParseContext, ParsedEvent, Unknown } from '../../kernel/event.ts'
import { isJsonObject, type JsonObject } from '../../kernel/json.ts'
import type { Parser } from '../../kernel/plugin.ts'
import { type Draft, fillMissing } from './draft.ts'

/** What stands before a message makes it a line of a log: syslog's priority or RFC 3164 time, or an access log's time. */
const HEADER = /^(?:<\d{1,3}>|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )|\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "/

/** How lines of other programs begin, which no general parser of syslog may take: audit, nginx, Apache, databases, HAProxy, IIS. */
const OTHER =
  /^(?:(?:node=\S{1,255} )?type=[A-Z]\S{1,40} msg=audit\(|\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[|\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d |\d{4}-\d\d-\d\d[T ][ \d]\d:\d\d:\d\d|\[\d\d\/[A-Z][a-z]{2}\/\d{4}:|\S{2,45}:\d{1,5} \[\d\d\/|<Event)/

export interface ShippedLine {
  readonly parser: string
  readonly events: readonly ParsedEvent[]
}

/**
 * Filebeat, Fluent Bit, rsyslog and journald send a line of a log inside a JSON document, as `message` beside words about
 * where it was read. Where nobody has parsed that line yet, it is read here by the parsers of text, and the document's
 * words are added. What the line says wins: its host wrote it, the document's only shipped it.
 *
 * @param outer the document as `json-ecs` gives it. Undefined: its message is no line of a log that is known.
 */
export function readShippedLine(
  outer: ParsedEvent,
  textParsers: readonly Parser[],
  context: ParseContext,
): ShippedLine | undefined {
  const { ecs } = outer
  const message = ecs['message']
  const event = ecs['event']
  if (typeof message !== 'string' || (isJsonObject(event) && event['category'] !== undefined)) return undefined
  const other = OTHER.test(message)
  const own = other || HEADER.test(message)
  const line = own ? message : lineOf(outer, message)
  if (line === undefined) return undefined
  const record = { id: '', text: line }
  for (const parser of textParsers) {
    if ((other && parser.id === 'syslog') || !parser.accepts(record)) continue
    const read: readonly ParsedEvent[] | Unknown = parser.parse(record, context)
    if ('unknown' in read || (!own && actionOf(read[0]) === undefined)) continue
    return { parser: parser.id, events: read.map((inner) => merged(inner, outer, message)) }
  }
  return undefined
}

/** The line as it stood in a file, of a document that has program, host and pid as members of their own (journald). */
function lineOf({ ecs, observed }: ParsedEvent, message: string): string | undefined {
  const process = ecs['process']
  if (!isJsonObject(process) || typeof process['name'] !== 'string' || observed === undefined) return undefined
  const host = isJsonObject(ecs['host']) && typeof ecs['host']['name'] === 'string' ? `${ecs['host']['name']} ` : ''
  const pid = typeof process['pid'] === 'number' ? `[${process['pid']}]` : ''
  return `${new Date(observed).toISOString()} ${host}${process['name']}${pid}: ${message}`
}

function actionOf(read: ParsedEvent | undefined): unknown {
  return isJsonObject(read?.ecs['event']) ? read.ecs['event']['action'] : undefined
}

function merged(inner: ParsedEvent, outer: ParsedEvent, line: string): ParsedEvent {
  const ecs: Draft = { ...inner.ecs }
  fillMissing(ecs, copyOf(outer.ecs), 2)
  const event = { ...(ecs['event'] as JsonObject) } as Draft
  if (ecs['message'] !== line) event['original'] ??= line
  ecs['event'] = event
  return { observed: inner.observed ?? outer.observed, ecs }
}

/** Two events of one line must not share a member that the pipeline may change. */
function copyOf(ecs: JsonObject): JsonObject {
  return isJsonObject(ecs['event']) ? { ...ecs, event: { ...ecs['event'] } } : ecs
}
