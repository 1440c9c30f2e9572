import { messageOf } from '../../../../kernel/error.ts'
import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { safeKey } from '../../../normalise/draft.ts'
import { allBytesOf, bytesOf, type Field, fieldsOf, numberOf } from '../../../protobuf.ts'
import { decodeText } from '../../../text.ts'
import { integerValue, MAX_VALUE_DEPTH, type OtlpLog, type OtlpPart } from './log.ts'

/**
 * The log records of an `ExportLogsServiceRequest` (opentelemetry-proto 1.x, logs/v1/logs.proto, common/v1/common.proto;
 * the numbers below are its field numbers). A broken record costs no other.
 * @throws RangeError where the request around them is broken.
 */
export function readProtobufLogs(message: Buffer): OtlpPart[] {
  const parts: OtlpPart[] = []
  for (const resourceLogs of allBytesOf(fieldsOf(message), 1)) {
    const ofResource = fieldsOf(resourceLogs)
    const resource = attributesOf(fieldsOf(bytesOf(ofResource, 1) ?? NONE), 1, 0)
    for (const scopeLogs of allBytesOf(ofResource, 2)) {
      const ofScope = fieldsOf(scopeLogs)
      const scopeFields = fieldsOf(bytesOf(ofScope, 1) ?? NONE)
      const scope = {
        name: text(bytesOf(scopeFields, 1)),
        version: text(bytesOf(scopeFields, 2)),
        attributes: attributesOf(scopeFields, 3, 0),
      }
      for (const bytes of allBytesOf(ofScope, 2)) parts.push(partOf(bytes, resource, scope))
    }
  }
  return parts
}

export const NONE = Buffer.alloc(0)

function partOf(bytes: Buffer, resource: JsonObject, scope: OtlpLog['scope']): OtlpPart {
  try {
    return { log: logOf(fieldsOf(bytes), resource, scope) }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { broken: bytes, reason: `not a log record: ${messageOf(error)}` }
  }
}

function logOf(fields: readonly Field[], resource: JsonObject, scope: OtlpLog['scope']): OtlpLog {
  const body = bytesOf(fields, 5)
  return {
    resource,
    scope,
    time: String(numberOf(fields, 1) ?? 0n),
    observedTime: String(numberOf(fields, 11) ?? 0n),
    severityNumber: Number(numberOf(fields, 2) ?? 0n),
    severityText: text(bytesOf(fields, 3)),
    body: body === undefined ? undefined : anyValue(body, 0),
    attributes: attributesOf(fields, 6, 0),
    traceId: bytesOf(fields, 9)?.toString('hex') ?? '',
    spanId: bytesOf(fields, 10)?.toString('hex') ?? '',
    eventName: text(bytesOf(fields, 12)),
    droppedAttributes: Number(numberOf(fields, 7) ?? 0n),
  }
}

export function attributesOf(fields: readonly Field[], number: number, depth: number): JsonObject {
  const attributes: Record<string, JsonValue> = {}
  for (const bytes of allBytesOf(fields, number)) {
    const pair = fieldsOf(bytes)
    const value = bytesOf(pair, 2)
    attributes[safeKey(text(bytesOf(pair, 1)))] = value === undefined ? null : anyValue(value, depth + 1)
  }
  return attributes
}

/** AnyValue: text 1, truth 2, integer 3, double 4, list 5, map 6, bytes 7 (as base64, like in JSON); none is null. */
function anyValue(bytes: Buffer, depth: number): JsonValue {
  if (depth > MAX_VALUE_DEPTH) throw new RangeError(`values are nested deeper than ${MAX_VALUE_DEPTH} levels`)
  const field = fieldsOf(bytes).at(-1)
  if (field === undefined) return null
  if (field.wire === 2) {
    if (field.number === 1) return text(field.bytes)
    if (field.number === 5) return allBytesOf(fieldsOf(field.bytes), 1).map((item) => anyValue(item, depth + 1))
    if (field.number === 6) return attributesOf(fieldsOf(field.bytes), 1, depth + 1)
    return field.number === 7 ? field.bytes.toString('base64') : null
  }
  if (field.number === 2) return field.value !== 0n
  if (field.number === 3) return integerValue(BigInt.asIntN(64, field.value))
  return field.number === 4 ? double(field.value) : null
}

export function double(bits: bigint): JsonValue {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, bits)
  const value = view.getFloat64(0)
  return Number.isFinite(value) ? value : String(value)
}

export function text(bytes: Buffer | undefined): string {
  return bytes === undefined ? '' : decodeText(bytes).text
}
