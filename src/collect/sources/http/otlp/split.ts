import { messageOf } from '../../../../kernel/error.ts'
import { documentRecord } from '../../../record.ts'
import type { BodyLimits, IngestBody, SplitBody } from '../body.ts'
import { RecordCollector } from '../collector.ts'
import { otlpDocument } from './ecs.ts'
import { readJsonLogs } from './json.ts'
import type { OtlpPart } from './log.ts'
import { readProtobufLogs } from './protobuf.ts'

const FIRST_OF_JSON = /^\s*\{\s*["}]/
const LINE_FEED = 0x0a

/**
 * OTLP logs over HTTP (OTLP specification 1.x). Which encoding it is shows in the bytes: a request in protobuf begins with
 * 0x0a, and only where that leads nowhere is it a line feed before JSON.
 */
export function splitOtlp(input: IngestBody, limits: BodyLimits): SplitBody {
  const collector = new RecordCollector(input, limits)
  const bytes = Buffer.from(input.body.buffer, input.body.byteOffset, input.body.byteLength)
  const looksJson = FIRST_OF_JSON.test(bytes.toString('latin1', 0, 64))
  let protobuf = !looksJson || bytes[0] === LINE_FEED
  let parts = protobuf ? protobufParts(bytes) : jsonParts(bytes)
  if (typeof parts === 'string' && protobuf && looksJson) {
    protobuf = false
    parts = jsonParts(bytes)
  }
  if (typeof parts === 'string') collector.unreadable(bytes, parts)
  else {
    for (const part of parts) {
      if ('log' in part) collector.document(otlpDocument(part.log))
      else collector.unreadable(part.broken, part.reason)
    }
  }
  return collector.split({ protobuf, whole: typeof parts !== 'string' })
}

/** A text says why there are none. */
function jsonParts(bytes: Buffer): OtlpPart[] | string {
  const record = documentRecord('', bytes, undefined)
  if (record.json === undefined) return record.unreadable ?? 'not a JSON object'
  return readJsonLogs(record.json) ?? 'not an ExportLogsServiceRequest: it has no resourceLogs'
}

function protobufParts(bytes: Buffer): OtlpPart[] | string {
  try {
    return readProtobufLogs(bytes)
  } catch (error) {
    if (error instanceof RangeError) return `not an ExportLogsServiceRequest: ${messageOf(error)}`
    throw error
  }
}
