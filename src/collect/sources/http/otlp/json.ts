import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { safeKey } from '../../../normalise/draft.ts'
import { integerValue, type OtlpLog, type OtlpPart } from './log.ts'

/**
 * The log records of an `ExportLogsServiceRequest` in JSON (OTLP specification, "JSON Protobuf Encoding": lowerCamelCase
 * names, ids in hexadecimal, 64-bit integers as decimal text). Undefined for an object that is none.
 */
export function readJsonLogs(request: JsonObject): OtlpPart[] | undefined {
  const resourceLogs = request['resourceLogs']
  if (!Array.isArray(resourceLogs)) return Object.keys(request).length === 0 ? [] : undefined
  return (resourceLogs as readonly JsonValue[]).flatMap((one) => {
    const ofResource = objectOf(one)
    const resource = attributesOf(objectOf(ofResource['resource'])['attributes'])
    return listOf(ofResource['scopeLogs']).flatMap((scopeLogs) => {
      const ofScope = objectOf(scopeLogs)
      const { name, version, attributes } = objectOf(ofScope['scope'])
      const scope = { name: text(name), version: text(version), attributes: attributesOf(attributes) }
      return listOf(ofScope['logRecords']).map((record): OtlpPart => {
        if (!isJsonObject(record)) return { broken: Buffer.from(JSON.stringify(record)), reason: 'not a log record' }
        return { log: logOf(record, resource, scope) }
      })
    })
  })
}

function logOf(record: JsonObject, resource: JsonObject, scope: OtlpLog['scope']): OtlpLog {
  return {
    resource,
    scope,
    time: digits(record['timeUnixNano']),
    observedTime: digits(record['observedTimeUnixNano']),
    severityNumber: count(record['severityNumber']),
    severityText: text(record['severityText']),
    body: record['body'] === undefined || record['body'] === null ? undefined : anyValue(record['body']),
    attributes: attributesOf(record['attributes']),
    traceId: text(record['traceId']).toLowerCase(),
    spanId: text(record['spanId']).toLowerCase(),
    eventName: text(record['eventName']),
    droppedAttributes: count(record['droppedAttributesCount']),
  }
}

export function attributesOf(list: JsonValue | undefined): JsonObject {
  const attributes: Record<string, JsonValue> = {}
  for (const pair of listOf(list)) {
    const { key, value } = objectOf(pair)
    if (typeof key === 'string') attributes[safeKey(key)] = value === undefined ? null : anyValue(value)
  }
  return attributes
}

/** Depth is bounded by the document's own. A value without a known kind is kept as it is. */
function anyValue(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = value
  if (stringValue !== undefined) return stringValue
  if (boolValue !== undefined) return boolValue
  if (intValue !== undefined)
    return typeof intValue === 'string' && /^-?\d{1,20}$/.test(intValue) ? integerValue(BigInt(intValue)) : intValue
  if (doubleValue !== undefined) return doubleValue
  if (arrayValue !== undefined) return listOf(objectOf(arrayValue)['values']).map(anyValue)
  if (kvlistValue !== undefined) return attributesOf(objectOf(kvlistValue)['values'])
  if (bytesValue !== undefined) return bytesValue
  return Object.keys(value).length === 0 ? null : value
}

export function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

export function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** 0 for what is no number. */
function count(value: JsonValue | undefined): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) || 0 : 0
}

function digits(value: JsonValue | undefined): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : '0'
}
