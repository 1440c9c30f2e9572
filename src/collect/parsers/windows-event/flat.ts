import type { ParseContext } from '../../../kernel/event.ts'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { type Draft, put, safeKey } from '../../normalise/draft.ts'
import { isoTime } from '../../normalise/time.ts'
import { auditOf, dataText, type EventData, keywordNames, textOf, type WindowsRecord, wholeNumber } from './record.ts'

type Value = JsonValue | undefined

/**
 * The fields that are not data, by their place in `slots`. NXLog's and Logstash's own (from FORWARDER on) are data where
 * neither was at work; NXLog's names for the account of `System/Security/@UserID` (from WRITER on) are data where they do
 * not come together. One look-up a field and no probing for absent ones: this is the hot path of ingest.
 */
const SLOT = {
  Channel: 0,
  EventID: 1,
  SourceName: 2,
  EventSourceName: 3,
  ProviderGuid: 4,
  Hostname: 5,
  Computer: 6,
  RecordNumber: 7,
  EventRecordID: 8,
  Level: 9,
  Task: 10,
  Category: 11,
  Opcode: 12,
  OpcodeValue: 13,
  Keywords: 14,
  Version: 15,
  ExecutionProcessID: 16,
  ThreadID: 17,
  ActivityID: 18,
  Message: 19,
  EventTime: 20,
  TimeCreated: 21,
  TimeGenerated: 22,
  '@timestamp': 23,
  tags: 24,
  UtcTime: 25,
  EventType: 26,
  SourceModuleName: 27,
  SourceModuleType: 28,
  EventReceivedTime: 29,
  Severity: 30,
  SeverityValue: 31,
  EventTypeOrignal: 32,
  EventTypeOriginal: 33,
  ERROR_EVT_UNRESOLVED: 34,
  '@version': 35,
  port: 36,
  type: 37,
  host: 38,
  UserID: 39,
  AccountName: 40,
  AccountType: 41,
  Domain: 42,
  ProcessID: 43,
} as const

const NAMES: readonly string[] = Object.keys(SLOT)
const SLOTS: ReadonlyMap<string, number> = new Map(Object.entries(SLOT))
const FORWARDER = SLOT.SourceModuleName
const WRITER = SLOT.UserID

/** NXLog's own EventType; Sysmon has a data field of that name (`SetValue`). */
const FORWARDER_EVENT_TYPES: ReadonlySet<Value> = new Set([
  'INFO',
  'AUDIT_SUCCESS',
  'AUDIT_FAILURE',
  'WARNING',
  'ERROR',
  'CRITICAL',
  'VERBOSE',
])

export function isFlat(json: JsonObject): boolean {
  const id = json['EventID']
  if (typeof id !== 'number' && typeof id !== 'string') return false
  return (
    typeof json['Channel'] === 'string' || typeof json['SourceName'] === 'string' || typeof json['EventSourceName'] === 'string'
  )
}

/**
 * One level, as NXLog, Log Analytics and many converters write it: the fields of `System` and of `EventData` side by side.
 */
export function readFlat(json: JsonObject, context: ParseContext): WindowsRecord | undefined {
  const data: EventData = {}
  const slots: Value[] = new Array<Value>(NAMES.length).fill(undefined)
  for (const key in json) {
    const slot = SLOTS.get(key)
    if (slot === undefined) addData(data, key, json[key])
    else slots[slot] = json[key]
  }
  const eventId = wholeNumber(slots[SLOT.EventID])
  if (eventId === undefined) return undefined

  const utcTime = slots[SLOT.UtcTime]
  if (utcTime !== undefined) addData(data, 'UtcTime', utcTime)
  const eventType = slots[SLOT.EventType]
  if (eventType !== undefined && !FORWARDER_EVENT_TYPES.has(eventType)) addData(data, 'EventType', eventType)
  const nxlog = slots[SLOT.SourceModuleType] !== undefined
  if (!nxlog) addSlots(data, slots, FORWARDER, WRITER)
  const writer = slots[SLOT.AccountType] !== undefined && slots[SLOT.UserID] !== undefined ? writerOf(slots) : undefined
  // 7045 has data fields of these names too; there they stand in both places.
  if (writer === undefined || eventId === 7045) addSlots(data, slots, WRITER, SLOT.ProcessID)

  // As a number it is the writer's pid in older NXLog; Windows' own data field of that name is text.
  const processId = slots[SLOT.ProcessID]
  const writerPid = slots[SLOT.ExecutionProcessID] ?? (typeof processId === 'number' ? processId : undefined)
  if (processId !== undefined && processId !== writerPid) addData(data, 'ProcessID', processId)

  const keywords = slots[SLOT.Keywords]
  const audit = auditOf(keywords) ?? auditOfEventType(eventType)
  return {
    channel: textOf(slots[SLOT.Channel]),
    provider: textOf(slots[SLOT.SourceName]) ?? textOf(slots[SLOT.EventSourceName]),
    providerGuid: textOf(slots[SLOT.ProviderGuid]),
    eventId,
    computer: textOf(slots[SLOT.Hostname]) ?? textOf(slots[SLOT.Computer]),
    recordId: textOf(slots[SLOT.RecordNumber]) ?? textOf(slots[SLOT.EventRecordID]),
    level: wholeNumber(slots[SLOT.Level]) ?? levelOfSeverity(slots[SLOT.SeverityValue]),
    task: textOf(slots[SLOT.Category]) ?? textOf(slots[SLOT.Task]),
    opcode: textOf(slots[SLOT.Opcode]) ?? textOf(slots[SLOT.OpcodeValue]),
    audit,
    keywords: keywordNames(keywords, audit),
    version: wholeNumber(slots[SLOT.Version]),
    processId: wholeNumber(writerPid),
    threadId: wholeNumber(slots[SLOT.ThreadID]),
    activityId: textOf(slots[SLOT.ActivityID]),
    writer,
    message: textOf(slots[SLOT.Message]),
    data,
    userData: undefined,
    observed: observedOf(slots, context),
    extra: extraOf(slots, nxlog ? forwarderOf(slots) : undefined),
  }
}

function addSlots(data: EventData, slots: readonly Value[], from: number, to: number): void {
  for (let slot = from; slot < to; slot++) {
    const value = slots[slot]
    if (value !== undefined) addData(data, NAMES[slot]!, value)
  }
}

function addData(data: EventData, key: string, value: Value): void {
  if (typeof value === 'string') {
    data[safeKey(key)] = value
    return
  }
  const text = dataText(value)
  if (text !== undefined) data[safeKey(key)] = text
}

function writerOf(slots: readonly Value[]): Draft {
  const writer: Draft = {}
  put(writer, 'identifier', textOf(slots[SLOT.UserID]))
  put(writer, 'name', textOf(slots[SLOT.AccountName]))
  put(writer, 'domain', textOf(slots[SLOT.Domain]))
  put(writer, 'type', textOf(slots[SLOT.AccountType]))
  return writer
}

function auditOfEventType(value: Value): 'success' | 'failure' | undefined {
  if (value === 'AUDIT_SUCCESS') return 'success'
  return value === 'AUDIT_FAILURE' ? 'failure' : undefined
}

/** NXLog's 1 debug … 5 critical. */
function levelOfSeverity(value: Value): number | undefined {
  return typeof value === 'number' && value >= 1 && value <= 5 ? 6 - value : undefined
}

/**
 * A time with its zone wins: `TimeCreated`, `EventTime`, Sysmon's `UtcTime` (UTC by definition), `@timestamp` (the
 * forwarder's, seconds later), `TimeGenerated`; then the first two in the source's zone.
 */
function observedOf(slots: readonly Value[], { zoneMinutes }: ParseContext): number | undefined {
  const created = slots[SLOT.TimeCreated]
  const eventTime = slots[SLOT.EventTime]
  return (
    timeOf(created, undefined) ??
    timeOf(eventTime, undefined) ??
    timeOf(slots[SLOT.UtcTime], 0) ??
    timeOf(slots[SLOT['@timestamp']], 0) ??
    timeOf(slots[SLOT.TimeGenerated], 0) ??
    timeOf(created, zoneMinutes) ??
    timeOf(eventTime, zoneMinutes)
  )
}

function timeOf(value: Value, zoneMinutes: number | undefined): number | undefined {
  return typeof value === 'string' ? isoTime(value, zoneMinutes) : undefined
}

/** What the forwarder says of itself. */
function forwarderOf(slots: readonly Value[]): Draft {
  const forwarder: Draft = {}
  for (let slot = FORWARDER; slot < WRITER; slot++) {
    const value = slots[slot]
    if (value === undefined || value === null || NAMES[slot] === 'host') continue
    forwarder[NAMES[slot]!] = typeof value === 'object' ? JSON.stringify(value) : value
  }
  return forwarder
}

/** The forwarder's own words under `nxlog`, its host as the observer. */
function extraOf(slots: readonly Value[], forwarder: Draft | undefined): Draft | undefined {
  const tags = slots[SLOT.tags]
  if (forwarder === undefined && tags === undefined) return undefined
  const extra: Draft = {}
  if (forwarder !== undefined) {
    const host = slots[SLOT.host]
    if (typeof host === 'string') extra['observer'] = { hostname: host }
    else put(forwarder, 'host', dataText(host))
    extra['nxlog'] = forwarder
  }
  if (typeof tags === 'string') extra['tags'] = [tags]
  else if (Array.isArray(tags)) extra['tags'] = (tags as readonly JsonValue[]).filter((tag) => typeof tag === 'string')
  return extra
}
