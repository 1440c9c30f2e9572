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

/** The indicators of a MISP event as a feed or an export has it: attributes that are meant for detection (`to_ids`), objects' too. */
export function readMispEvent(json: JsonValue): Reading {
  const collected = new Collected()
  const event = isJsonObject(json) && isJsonObject(json['Event']) ? json['Event'] : undefined
  if (event === undefined) {
    collected.skip('', "no MISP event: there is no 'Event'")
    return collected
  }
  const info = typeof event['info'] === 'string' ? event['info'].slice(0, 300) : undefined
  const confidence = CONFIDENCE[String(event['threat_level_id'])]
  const objects = list(event['Object']).flatMap((object) => (isJsonObject(object) ? list(object['Attribute']) : []))
  for (const attribute of [...list(event['Attribute']), ...objects]) {
    if (isJsonObject(attribute)) take(attribute, { info, confidence }, collected)
  }
  return collected
}

function take(
  attribute: JsonObject,
  about: { readonly info: string | undefined; readonly confidence: number | undefined },
  collected: Collected,
): void {
  const type = String(attribute['type'])
  const { value, uuid, to_ids: forDetection, deleted } = attribute
  const ref = typeof uuid === 'string' ? uuid : undefined
  // What is not meant for detection may have been before: a false alarm is taken back so.
  if ((forDetection !== true && forDetection !== '1') || deleted === true || deleted === '1') {
    if (ref !== undefined) collected.withdrawn.push(ref)
    return
  }
  if (ref !== undefined) collected.revised.push(ref)
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
  const note = [about.info, typeof comment === 'string' ? comment : '']
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
