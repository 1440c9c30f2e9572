import { gunzipSync } from 'node:zlib'
import { messageOf } from '../../../../kernel/error.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { enveloped } from '../../../envelope.ts'
import { instantOf } from '../../../instant.ts'
import { documentRecord, tooLong } from '../../../record.ts'
import { RecordScanner } from '../../../record-scanner.ts'
import type { BodyLimits, IngestBody, IngestReply, SplitBody } from '../body.ts'
import { RecordCollector } from '../collector.ts'
import { takeLine, wholeDocument } from '../documents.ts'

/** What the gzipped records of one request may grow to together: CloudWatch gzips each of its own. */
const MAX_UNPACKED = 134_217_728

/**
 * Kinesis Data Firehose's HTTP endpoint delivery (docs.aws.amazon.com, "Understand HTTP endpoint delivery request and response
 * specifications"): base64 records, each of lines or documents, or, from CloudWatch Logs, a gzipped bundle of log events.
 */
export function splitFirehose(input: IngestBody, limits: BodyLimits): SplitBody {
  const collector = new RecordCollector(input, limits)
  const request = wholeDocument(input.body, collector)
  const requestId = request?.['requestId']
  const records = request?.['records']
  if (Array.isArray(records)) {
    const unpack = unpacker()
    for (const record of records as readonly JsonValue[]) {
      const data = isJsonObject(record) ? record['data'] : undefined
      if (typeof data !== 'string') collector.unreadable(Buffer.from(JSON.stringify(record)), 'a record without data')
      else takeRecord(Buffer.from(data, 'base64'), input, limits, collector, unpack)
    }
  } else if (request !== undefined) collector.unreadable(Buffer.from(input.body), 'not a Firehose request: it has no records')
  return collector.split(typeof requestId === 'string' ? { request: { id: requestId, at: input.received } } : {})
}

function takeRecord(
  data: Buffer,
  input: IngestBody,
  limits: BodyLimits,
  collector: RecordCollector,
  unpack: (bytes: Buffer) => Buffer,
): void {
  let bytes = data
  if (data[0] === 0x1f && data[1] === 0x8b) {
    try {
      bytes = unpack(data)
    } catch (error) {
      collector.unreadable(data, `a gzipped record that cannot be opened: ${messageOf(error)}`)
      return
    }
  }
  const scanner = new RecordScanner(limits.maxLineBytes * 8)
  for (const { kind, bytes: piece, length, broken } of [...scanner.push(bytes), ...scanner.end()]) {
    if (broken !== undefined) collector.unreadable(piece, broken)
    else if (length > piece.length) {
      collector.add(tooLong(collector.nextId(), piece, length, limits.maxLineBytes, input.origin))
    } else if (kind === 'line') takeLine(piece, collector, limits.maxLineBytes, input.words ?? {})
    else {
      const record = documentRecord('', piece, input.origin)
      if (record.json === undefined) collector.unreadable(piece, record.unreadable ?? 'not a JSON object')
      else for (const json of logEvents(record.json)) collector.document(enveloped(json, input.words ?? {}))
    }
  }
}

/** The events of a CloudWatch Logs bundle (docs.aws.amazon.com, "Subscription filters"); any other document is one itself. */
function logEvents(json: JsonObject): JsonObject[] {
  const { logEvents: events, logGroup, logStream, owner } = json
  if (!Array.isArray(events) || json['messageType'] !== 'DATA_MESSAGE') return [json]
  return (events as readonly JsonValue[]).map((event) => {
    const { message, timestamp, id } = isJsonObject(event) ? event : {}
    return enveloped(message ?? JSON.stringify(event), {
      '@timestamp': instantOf(timestamp),
      'cloud.provider': 'aws',
      'cloud.account.id': owner,
      'aws.cloudwatch.log_group': logGroup,
      'aws.cloudwatch.log_stream': logStream,
      'aws.cloudwatch.id': id,
    })
  })
}

function unpacker(): (bytes: Buffer) => Buffer {
  let left = MAX_UNPACKED
  return (bytes) => {
    const unpacked = gunzipSync(bytes, { maxOutputLength: left })
    left -= unpacked.length
    return unpacked
  }
}

/**
 * Firehose wants its request id back, and the time. It sends again whatever is answered otherwise, so that a record that is
 * broken and stays so is no reason to.
 */
export function firehoseReply({ request, trouble }: SplitBody): IngestReply {
  if (request === undefined) return firehoseAnswer(400, '', 0, trouble?.reason ?? 'the request has no requestId')
  return firehoseAnswer(200, request.id, request.at)
}

/** @param at milliseconds since 1970. */
export function firehoseAnswer(status: number, requestId: string, at: number, errorMessage?: string): IngestReply {
  const body = { requestId, timestamp: at, ...(errorMessage === undefined ? {} : { errorMessage }) }
  return { status, body: Buffer.from(JSON.stringify(body)) }
}
