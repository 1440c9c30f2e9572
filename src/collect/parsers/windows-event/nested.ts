import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import { safeKey } from '../../normalise/draft.ts'
import { isoTime } from '../../normalise/time.ts'
import { auditOf, dataText, type EventData, keywordNames, textOf, type WindowsRecord, wholeNumber } from './record.ts'

/** The event's XML as evtx dumpers turn it into JSON: `Event.System`, `Event.EventData`, `Event.UserData`. */
export function isNested(json: JsonObject): boolean {
  const event = json['Event']
  return isJsonObject(isJsonObject(event) ? event['System'] : json['System'])
}

export function readNested(json: JsonObject): WindowsRecord | undefined {
  const event = isJsonObject(json['Event']) ? json['Event'] : json
  const system = event['System'] as JsonObject
  const eventId = wholeNumber(content(system['EventID']))
  if (eventId === undefined) return undefined
  const data: EventData = {}
  // An empty element of XML is an empty text.
  if (event['EventData'] !== undefined && event['EventData'] !== '') addEventData(data, event['EventData'])
  const userData = isJsonObject(event['UserData']) ? addUserData(data, event['UserData']) : undefined
  const rendering = isJsonObject(event['RenderingInfo']) ? event['RenderingInfo'] : undefined
  const keywords = content(system['Keywords'])
  const audit = auditOf(keywords)
  const userId = textOf(attribute(system, 'Security', 'UserID'))
  const created = attribute(system, 'TimeCreated', 'SystemTime')
  return {
    channel: textOf(content(system['Channel'])),
    provider: textOf(attribute(system, 'Provider', 'Name')) ?? textOf(attribute(system, 'Provider', 'EventSourceName')),
    providerGuid: textOf(attribute(system, 'Provider', 'Guid')),
    eventId,
    computer: textOf(content(system['Computer'])),
    recordId: textOf(content(system['EventRecordID'])),
    level: wholeNumber(content(system['Level'])),
    task: textOf(content(rendering?.['Task'])) ?? textOf(content(system['Task'])),
    opcode: textOf(content(rendering?.['Opcode'])) ?? textOf(content(system['Opcode'])),
    audit,
    keywords: keywordNames(keywords, audit),
    version: wholeNumber(content(system['Version'])),
    processId: wholeNumber(attribute(system, 'Execution', 'ProcessID')),
    threadId: wholeNumber(attribute(system, 'Execution', 'ThreadID')),
    activityId: textOf(attribute(system, 'Correlation', 'ActivityID')),
    writer: userId === undefined ? undefined : { identifier: userId },
    message: textOf(content(rendering?.['Message'])) ?? textOf(content(event['Message'])),
    data,
    userData,
    observed: typeof created === 'string' ? isoTime(created, 0) : undefined,
    extra: undefined,
  }
}

/** Attributes of an element: `#attributes`, `@attributes`, `$`, or a sibling `Name_attributes`, or `@Name` members. */
function attribute(system: JsonObject, element: string, name: string): JsonValue | undefined {
  const node = system[element]
  if (isJsonObject(node)) {
    const attributes = node['#attributes'] ?? node['@attributes'] ?? node['$']
    if (isJsonObject(attributes)) return attributes[name]
    return node[`@${name}`] ?? node[name]
  }
  const beside = system[`${element}_attributes`]
  return isJsonObject(beside) ? beside[name] : undefined
}

/** The text of an element that may carry attributes beside it. */
function content(node: JsonValue | undefined): JsonValue | undefined {
  return isJsonObject(node) ? (node['#text'] ?? node['_']) : node
}

/**
 * Named data as members, as `Data: [{#attributes: {Name}, #text}]`, and unnamed data as a text or a list, which gets
 * Winlogbeat's names `param1`, `param2` ….
 */
function addEventData(data: EventData, node: JsonValue): void {
  if (!isJsonObject(node)) {
    addUnnamed(data, node)
    return
  }
  for (const key in node) {
    const value = node[key]
    if (key === '#attributes' || key === '@attributes') {
      const name = isJsonObject(value) ? dataText(value['Name']) : undefined
      if (name !== undefined) data['EventDataName'] = name
    } else if (key === 'Data') addUnnamed(data, value)
    else if (isJsonObject(value) && (value['#text'] !== undefined || value['#attributes'] !== undefined)) {
      set(data, key, value['#text'])
    } else set(data, key, value)
  }
}

function addUnnamed(data: EventData, node: JsonValue | undefined): void {
  if (node === undefined || node === null) return
  const items = Array.isArray(node) ? (node as readonly JsonValue[]) : [node as JsonValue]
  let unnamed = 0
  for (const item of items) {
    if (!isJsonObject(item)) {
      set(data, `param${++unnamed}`, item)
      continue
    }
    const attributes = item['#attributes'] ?? item['@attributes'] ?? item['$']
    const name = (isJsonObject(attributes) ? attributes['Name'] : undefined) ?? item['@Name'] ?? item['Name']
    const text = item['#text'] ?? item['_']
    if (typeof name === 'string') set(data, name, text)
    else if (Array.isArray(text)) for (const part of text as readonly JsonValue[]) set(data, `param${++unnamed}`, part)
    else set(data, `param${++unnamed}`, text ?? item)
  }
}

/** The one element under UserData, whatever its name, and its members. */
function addUserData(data: EventData, node: JsonObject): string | undefined {
  let element: string | undefined
  for (const key in node) {
    const value = node[key]
    if (key.startsWith('#') || key.startsWith('@') || key.startsWith('xmlns')) continue
    if (!isJsonObject(value)) {
      set(data, key, value)
      continue
    }
    element ??= key
    for (const member in value) {
      if (!member.startsWith('#') && !member.startsWith('@') && !member.startsWith('xmlns'))
        set(data, member, content(value[member]) ?? value[member])
    }
  }
  return element
}

function set(data: EventData, key: string, value: JsonValue | undefined): void {
  const text = dataText(value)
  if (text !== undefined) data[safeKey(key)] = text
}
