import type { ParseContext } from '../../../kernel/event.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import { type Draft, put, safeKey } from '../../normalise/draft.ts'
import { isoTime } from '../../normalise/time.ts'
import { auditOf, dataText, type EventData, keywordNames, textOf, type WindowsRecord, wholeNumber } from './record.ts'

/** Winlogbeat 7 and later: all that is Windows' own under `winlog`. */
export function isWinlogbeat(json: JsonObject): boolean {
  return isJsonObject(json['winlog']) && (json['winlog']['event_id'] ?? eventCode(json)) !== undefined
}

/** Winlogbeat 6: the same fields on the top level. */
export function isWinlogbeat6(json: JsonObject): boolean {
  return json['event_id'] !== undefined && typeof json['log_name'] === 'string'
}

/** @param time what stood in `@timestamp`, which a normalised document does not hold. */
export function readWinlogbeat(json: JsonObject, time: JsonValue | undefined, context: ParseContext): WindowsRecord | undefined {
  const winlog = json['winlog'] as JsonObject
  const process = isJsonObject(winlog['process']) ? winlog['process'] : undefined
  const thread = process?.['thread']
  const event = json['event']
  const record = readCommon(winlog, json, time, {
    channel: textOf(winlog['channel']),
    provider: textOf(winlog['provider_name']),
    eventId: wholeNumber(winlog['event_id'] ?? eventCode(json)),
    recordId: textOf(winlog['record_id']),
    level: levelOf(isJsonObject(json['log']) ? json['log']['level'] : undefined),
    processId: wholeNumber(process?.['pid']),
    threadId: isJsonObject(thread) ? wholeNumber(thread['id']) : undefined,
    extra: undefined,
  })
  if (record === undefined || record.observed !== undefined) return record
  const created = isJsonObject(event) ? event['created'] : undefined
  return { ...record, observed: typeof created === 'string' ? isoTime(created, context.zoneMinutes) : undefined }
}

export function readWinlogbeat6(json: JsonObject): WindowsRecord | undefined {
  return readCommon(json, json, json['@timestamp'], {
    channel: textOf(json['log_name']),
    provider: textOf(json['source_name']),
    eventId: wholeNumber(json['event_id']),
    recordId: textOf(json['record_number']),
    level: levelOf(json['level']),
    processId: wholeNumber(json['process_id']),
    threadId: wholeNumber(json['thread_id']),
    extra: agentOf(json),
  })
}

interface VersionSpecific {
  readonly channel: string | undefined
  readonly provider: string | undefined
  readonly eventId: number | undefined
  readonly recordId: string | undefined
  readonly level: number | undefined
  readonly processId: number | undefined
  readonly threadId: number | undefined
  readonly extra: Draft | undefined
}

/** @param winlog where Windows' fields stand; @param json the whole document. */
function readCommon(
  winlog: JsonObject,
  json: JsonObject,
  time: JsonValue | undefined,
  specific: VersionSpecific,
): WindowsRecord | undefined {
  const { eventId, ...rest } = specific
  if (eventId === undefined) return undefined
  const data: EventData = {}
  addAll(data, winlog['event_data'])
  const userData = winlog['user_data']
  addAll(data, userData)
  const keywords = winlog['keywords']
  const audit = auditOf(keywords)
  return {
    ...rest,
    eventId,
    providerGuid: textOf(winlog['provider_guid']),
    computer: textOf(winlog['computer_name']),
    task: textOf(winlog['task']),
    opcode: textOf(winlog['opcode']),
    audit,
    keywords: keywordNames(keywords, audit),
    version: wholeNumber(winlog['version']),
    activityId: textOf(winlog['activity_id']),
    writer: isJsonObject(winlog['user']) ? writerOf(winlog['user']) : undefined,
    message: textOf(json['message']),
    data,
    userData: isJsonObject(userData) ? textOf(userData['xml_name']) : undefined,
    observed: typeof time === 'string' ? isoTime(time, 0) : undefined,
  }
}

function addAll(data: EventData, node: JsonValue | undefined): void {
  if (!isJsonObject(node)) return
  for (const key in node) {
    const value = node[key]
    const text = typeof value === 'string' ? value : dataText(value)
    if (text !== undefined) data[safeKey(key)] = text
  }
}

function eventCode(json: JsonObject): JsonValue | undefined {
  return isJsonObject(json['event']) ? json['event']['code'] : undefined
}

const LEVELS: Readonly<Record<string, number>> = { critical: 1, error: 2, warning: 3, information: 4, info: 4, verbose: 5 }

function levelOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  const name = typeof value === 'string' ? value.toLowerCase() : ''
  return Object.hasOwn(LEVELS, name) ? LEVELS[name] : undefined
}

function agentOf(json: JsonObject): Draft | undefined {
  const extra: Draft = {}
  const beat = json['beat']
  if (isJsonObject(beat)) {
    const agent: Draft = { type: 'winlogbeat' }
    put(agent, 'name', textOf(beat['name']))
    put(agent, 'version', textOf(beat['version']))
    extra['agent'] = agent
  }
  const host = isJsonObject(json['host']) ? textOf(json['host']['name']) : undefined
  if (host !== undefined && host !== textOf(json['computer_name'])) extra['observer'] = { hostname: host }
  const tags = json['tags']
  if (Array.isArray(tags)) extra['tags'] = (tags as readonly JsonValue[]).filter((tag) => typeof tag === 'string')
  return extra
}

function writerOf(user: JsonObject): Draft {
  const writer: Draft = {}
  put(writer, 'identifier', textOf(user['identifier']))
  put(writer, 'name', textOf(user['name']))
  put(writer, 'domain', textOf(user['domain']))
  put(writer, 'type', textOf(user['type']))
  return writer
}
