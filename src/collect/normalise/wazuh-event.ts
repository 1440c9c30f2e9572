import type { ParseContext, ParsedEvent } from '../../kernel/event.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import type { Parser } from '../../kernel/plugin.ts'
import { type Draft, fillMissing, safeKey } from './draft.ts'

/** They read any line; the alert says more about it than they would. */
const TAKES_ANYTHING = new Set(['json-ecs', 'syslog', 'wazuh'])

/**
 * The event behind an alert of Wazuh's, read by its own parser so that rules see what they would have seen without
 * Wazuh: the Windows event in `data.win`, or the line in `full_log`. The alert's words are added where the event has none;
 * the time is the Windows event's, else the alert's, whose zone is known.
 *
 * @param alert the alert as the `wazuh` parser gives it. It comes back as it is where nobody reads what is behind it, or
 *   where its rule counted several events: the last of them has, or had, an alert of its own.
 */
export function withEvent(json: JsonObject, alert: ParsedEvent, parsers: readonly Parser[], context: ParseContext): ParsedEvent {
  const rule = json['rule']
  if (isJsonObject(rule) && rule['frequency'] !== undefined) return alert
  const record = recordBehind(json)
  if (record === undefined) return alert
  for (const parser of parsers) {
    if (TAKES_ANYTHING.has(parser.id) || !parser.accepts(record)) continue
    const read = parser.parse(record, context)
    if ('unknown' in read) continue
    return read.length === 1 ? merged(read[0]!, alert, record.json !== undefined) : alert
  }
  return alert
}

function recordBehind(json: JsonObject): { id: string; text?: string; json?: JsonObject } | undefined {
  const data = json['data']
  const win = isJsonObject(data) ? data['win'] : undefined
  if (isJsonObject(win) && isJsonObject(win['system'])) return { id: '', json: windowsEvent(win['system'], win['eventdata']) }
  const line = json['full_log']
  return typeof line === 'string' && line !== '' ? { id: '', text: line } : undefined
}

/** The XML's own names again: Wazuh flattens `System` and writes the first letter of every name small. */
function windowsEvent(system: JsonObject, eventData: JsonValue | undefined): JsonObject {
  const of = (name: string): JsonValue => system[name] ?? null
  const made: Draft = {
    System: {
      Provider: { '#attributes': { Name: of('providerName'), Guid: of('providerGuid') } },
      EventID: of('eventID'),
      Version: of('version'),
      Level: of('level'),
      Task: of('task'),
      Opcode: of('opcode'),
      Keywords: of('keywords'),
      TimeCreated: { '#attributes': { SystemTime: of('systemTime') } },
      EventRecordID: of('eventRecordID'),
      Execution: { '#attributes': { ProcessID: of('processID'), ThreadID: of('threadID') } },
      Channel: of('channel'),
      Computer: of('computer'),
    },
    RenderingInfo: { Message: unquoted(system['message']) },
  }
  if (isJsonObject(eventData)) {
    const data: Draft = {}
    for (const name in eventData) data[safeKey(name.charAt(0).toUpperCase() + name.slice(1))] = eventData[name]!
    made['EventData'] = data
  }
  return { Event: made }
}

function unquoted(message: JsonValue | undefined): JsonValue {
  return typeof message === 'string' ? message.replace(/^"([\s\S]*)"$/, '$1') : null
}

function merged(event: ParsedEvent, alert: ParsedEvent, ownTime: boolean): ParsedEvent {
  const ecs: Draft = { ...event.ecs }
  const made: Draft = { ...(isJsonObject(ecs['event']) ? ecs['event'] : {}) }
  if (isJsonObject(alert.ecs['event']) && alert.ecs['event']['kind'] === 'alert') made['kind'] = 'alert'
  ecs['event'] = made
  const line = alert.ecs['message']
  if (!ownTime && typeof line === 'string' && ecs['message'] !== line) made['original'] ??= line
  fillMissing(ecs, alert.ecs, 2)
  return { observed: (ownTime ? event.observed : undefined) ?? alert.observed ?? event.observed, ecs }
}
