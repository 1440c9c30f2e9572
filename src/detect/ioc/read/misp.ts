import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import { type Indicator, indicatorOf } from '../indicator.ts'
import { Collected, type Reading } from './reading.ts'

/** Attribute types whose value, or whose named half, is an indicator (MISP core format, "types"). */
const TYPES = new Set(
  (
    'ip-src ip-dst ip-src|port ip-dst|port domain hostname domain|ip hostname|port url uri link md5 sha1 sha224 sha256 sha384 sha512 ' +
    'filename|md5 filename|sha1 filename|sha224 filename|sha256 filename|sha384 filename|sha512 malware-sample'
  ).split(' '),
)

/** MISP's threat level of an event: 1 high, 2 medium, 3 low, 4 undefined. */
const CONFIDENCE: Readonly<Record<string, number>> = { '1': 90, '2': 70, '3': 50 }

type About = Pick<Indicator, 'confidence' | 'note'>

/**
 * What a text of MISP holds for detection (`to_ids`), attributes of objects too: an event as a feed or an export has it (`{"Event"}`),
 * several in a list, or the answer of a search over REST (`{"response"}`, of events or of attributes).
 */
export function readMisp(json: JsonValue): Reading {
  const collected = new Collected()
  const content = isJsonObject(json) && json['response'] !== undefined ? json['response'] : json
  const attributes = isJsonObject(content) ? attributesOf(content) : undefined
  if (attributes !== undefined) {
    for (const attribute of attributes)
      if (isJsonObject(attribute)) take(attribute, aboutOf(attribute['Event']), undefined, collected)
    return collected
  }
  const events = Array.isArray(content) ? (content as readonly JsonValue[]) : [content]
  for (const [at, event] of events.entries()) takeEvent(event, undefined, collected, Array.isArray(content) ? String(at + 1) : '')
  return collected
}

/**
 * An event of a feed. Its file is all that it says, so that what it says goes by the event's own id: what it said before and does not say
 * any more is gone, for nobody names it then.
 */
export function readFeedEvent(json: JsonValue, id: string): Reading {
  const collected = new Collected()
  if (takeEvent(json, id, collected, id)) collected.revised.push(id)
  return collected
}

/** Whether a document of JSON is one of MISP. */
export const isMisp = (json: JsonValue): boolean => {
  const [first] = Array.isArray(json) ? (json as readonly JsonValue[]) : [json]
  return isJsonObject(first ?? null) && ['Event', 'response'].some((name) => Object.hasOwn(first as JsonObject, name))
}

const attributesOf = (content: JsonObject): readonly JsonValue[] | undefined =>
  content['Event'] === undefined && Array.isArray(content['Attribute']) ? list(content['Attribute']) : undefined

/** @returns whether it is an event. */
function takeEvent(json: JsonValue, ref: string | undefined, collected: Collected, place: string): boolean {
  const event = isJsonObject(json) && isJsonObject(json['Event']) ? json['Event'] : undefined
  if (event === undefined) {
    collected.skip(place, "no MISP event: there is no 'Event'")
    return false
  }
  const objects = list(event['Object']).flatMap((object) => (isJsonObject(object) ? list(object['Attribute']) : []))
  for (const attribute of [...list(event['Attribute']), ...objects]) {
    if (isJsonObject(attribute)) take(attribute, aboutOf(event), ref, collected)
  }
  return true
}

function aboutOf(event: JsonValue | undefined): About {
  if (!isJsonObject(event ?? null)) return {}
  const { info, threat_level_id: level } = event as JsonObject
  const confidence = CONFIDENCE[String(level)]
  return {
    ...(typeof info === 'string' ? { note: info.slice(0, 300) } : {}),
    ...(confidence === undefined ? {} : { confidence }),
  }
}

/** @param event id that the indicators go by; without one they go by the attribute's own. */
function take(attribute: JsonObject, about: About, event: string | undefined, collected: Collected): void {
  const type = String(attribute['type'])
  const { value, uuid, to_ids: forDetection, deleted } = attribute
  const own = typeof uuid === 'string' ? uuid : undefined
  // What is not meant for detection may have been before: a false alarm is taken back so.
  if ((forDetection !== true && forDetection !== '1') || deleted === true || deleted === '1') {
    if (own !== undefined) collected.withdrawn.push(own)
    return
  }
  if (own !== undefined) collected.revised.push(own)
  const ref = event ?? own
  if (!TYPES.has(type) || typeof value !== 'string') {
    collected.skip(ref ?? '', `attributes of type ${type} are not compared`)
    return
  }
  const found = valuesOf(type, value).flatMap((text): Pick<Indicator, 'kind' | 'value'>[] => {
    const indicator = indicatorOf(text)
    return indicator === undefined ? [] : [indicator]
  })
  if (found.length === 0) collected.skip(ref ?? '', `the value of a ${type} is no indicator: ${value.slice(0, 80)}`)
  const comment = attribute['comment']
  const note = [about.note, typeof comment === 'string' ? comment : '']
    .filter((part) => part !== undefined && part !== '')
    .join(' – ')
  for (const indicator of found)
    collected.indicators.push({
      ...indicator,
      ...(ref === undefined ? {} : { ref }),
      ...(about.confidence === undefined ? {} : { confidence: about.confidence }),
      ...(note === '' ? {} : { note: note.slice(0, 300) }),
    })
}

/** `filename|md5` names the hash second, `ip-dst|port` the address first, `domain|ip` two indicators. */
function valuesOf(type: string, value: string): readonly string[] {
  if (!value.includes('|') || !(type.includes('|') || type === 'malware-sample')) return [value]
  const [first = '', second = ''] = value.split('|')
  if (type === 'domain|ip') return [first, second]
  return type.startsWith('filename|') || type === 'malware-sample' ? [second] : [first]
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
