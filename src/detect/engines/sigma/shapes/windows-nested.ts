import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import type { EventShape, FieldPlace } from './event-class.ts'
import { channelOfProvider, detailField, KNOWN_DETAILS, WindowsClasses, type WindowsLayout } from './windows-classes.ts'

/** Dumpers write an XML element with attributes as an object and its text under one of these. */
function textOf(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value
  return value['#text'] ?? value['$t'] ?? value['_'] ?? value
}

const system = (...keys: string[]): FieldPlace => ({ keys: ['Event', 'System', ...keys], convert: textOf })

/** `Provider_Name` is the attribute Name of the element Provider (rules specification 2.1, "Field Usage"). */
function attribute(element: string, name: string): readonly FieldPlace[] {
  return [
    system(element, '#attributes', name),
    system(element, `@${name}`),
    system(`${element}_attributes`, name),
    system(element, name),
  ]
}

const ELEMENTS: ReadonlySet<string> = new Set([
  'EventID',
  'Version',
  'Level',
  'Task',
  'Opcode',
  'Keywords',
  'EventRecordID',
  'Channel',
  'Computer',
])

const ATTRIBUTE = /^(Provider|TimeCreated|Correlation|Execution|Security)_(\w+)$/

/** `{"Data": [{"@Name": "Image", "#text": "…"}]}`: what plain XML converters leave. */
function namedData(name: string): (value: JsonValue) => JsonValue | undefined {
  return (value) => {
    if (!Array.isArray(value)) return undefined
    for (const entry of value as readonly JsonValue[]) {
      if (!isJsonObject(entry)) continue
      const attributes = entry['#attributes']
      const label = entry['@Name'] ?? entry['Name'] ?? (isJsonObject(attributes) ? attributes['Name'] : undefined)
      if (label === name) return textOf(entry)
    }
    return undefined
  }
}

const LAYOUT: WindowsLayout = {
  id: 'windows-nested',
  header: (field) => {
    if (ELEMENTS.has(field)) return [system(field)]
    const match = ATTRIBUTE.exec(field)
    return match === null ? undefined : attribute(match[1]!, match[2]!)
  },
  data: (name) => [
    { keys: ['Event', 'EventData', name], convert: textOf },
    { keys: ['Event', 'UserData', '*', name], convert: textOf },
    { keys: ['Event', 'EventData', 'Data'], convert: namedData(name) },
    { keys: ['Event', 'RenderingInfo', name], convert: textOf },
  ],
  other: () => [],
}

/** `Event.System` and `Event.EventData`, as evtx dumpers print them. */
export function windowsNested(): EventShape {
  const classes = new WindowsClasses(LAYOUT)
  return {
    id: LAYOUT.id,
    classify(doc: JsonObject) {
      const event = doc['Event']
      if (!isJsonObject(event)) return undefined
      const header = event['System']
      if (!isJsonObject(header)) return undefined
      const id = textOf(header['EventID'] ?? null)
      if (typeof id !== 'number' && typeof id !== 'string') return undefined
      const named = textOf(header['Channel'] ?? null)
      const provider = isJsonObject(header['Provider']) ? header['Provider'] : {}
      const attributes = isJsonObject(provider['#attributes']) ? provider['#attributes'] : provider
      const channel = typeof named === 'string' ? named : channelOfProvider(attributes['Name'] ?? provider['@Name'])
      const split = detailField(channel, id)
      const data = event['EventData']
      const detail = split !== undefined && isJsonObject(data) ? data[split] : undefined
      return classes.of(channel, id, KNOWN_DETAILS.has(detail) ? String(detail) : '')
    },
  }
}
