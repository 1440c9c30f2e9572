import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import { Collected, type Reading } from './reading.ts'
import { readStixPattern } from './stix-pattern.ts'

/**
 * The indicators of a STIX 2.1 bundle, or of a TAXII envelope (both hold `objects`). Of several versions of an object the latest
 * counts; revoked ones are withdrawn; objects of other types are context and are passed over.
 */
export function readStix(json: JsonValue): Reading {
  const collected = new Collected()
  const objects = isJsonObject(json) && Array.isArray(json['objects']) ? (json['objects'] as readonly JsonValue[]) : undefined
  if (objects === undefined) {
    collected.skip('', "no STIX: there is no list 'objects'")
    return collected
  }
  const latest = new Map<string, JsonObject>()
  for (const object of objects) {
    if (!isJsonObject(object) || object['type'] !== 'indicator') continue
    const id = text(object['id']) ?? ''
    const before = latest.get(id)
    if (before === undefined || String(object['modified'] ?? '') >= String(before['modified'] ?? '')) latest.set(id, object)
  }
  for (const [id, object] of latest) take(id, object, collected)
  return collected
}

function take(id: string, object: JsonObject, collected: Collected): void {
  if (object['revoked'] === true) {
    collected.withdrawn.push(id)
    return
  }
  if (id !== '') collected.revised.push(id)
  const language = text(object['pattern_type']) ?? 'stix'
  const pattern = text(object['pattern'])
  if (language !== 'stix' || pattern === undefined) {
    collected.skip(id, `the pattern is ${pattern === undefined ? 'missing' : `written in ${language}`}`)
    return
  }
  const read = readStixPattern(pattern)
  if ('reason' in read) {
    collected.skip(id, read.reason)
    return
  }
  const confidence = object['confidence']
  const until = Date.parse(text(object['valid_until']) ?? '')
  const note = text(object['name']) ?? text(object['description'])
  for (const indicator of read.indicators)
    collected.indicators.push({
      ...indicator,
      ref: id,
      ...(typeof confidence === 'number' ? { confidence } : {}),
      ...(Number.isNaN(until) ? {} : { until }),
      ...(note === undefined ? {} : { note: note.slice(0, 300) }),
    })
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
