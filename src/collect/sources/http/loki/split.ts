import { messageOf } from '../../../../kernel/error.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { enveloped } from '../../../envelope.ts'
import { instantOf } from '../../../instant.ts'
import { unsnap } from '../../../snappy.ts'
import type { BodyLimits, IngestBody, SplitBody } from '../body.ts'
import { RecordCollector } from '../collector.ts'
import { wholeDocument } from '../documents.ts'
import { labelWords } from './labels.ts'
import { readPushRequest } from './protobuf.ts'

/** A push may grow this much when it is decompressed; bodies themselves are bounded before. */
const MAX_UNPACKED = 134_217_728
const FIRST_OF_JSON = /^\s*\{/

/**
 * Loki's push (grafana.com, "Ingest logs using HTTP API"): JSON streams, or a snappy block of protobuf, told apart by
 * looking. A line that is a JSON object becomes the document, as loggers send theirs.
 */
export function splitLoki(input: IngestBody, limits: BodyLimits): SplitBody {
  const collector = new RecordCollector(input, limits)
  const bytes = Buffer.from(input.body.buffer, input.body.byteOffset, input.body.byteLength)
  if (FIRST_OF_JSON.test(bytes.toString('latin1', 0, 64))) fromJson(input, collector)
  else {
    try {
      for (const { labels, nanoseconds, line, metadata } of readPushRequest(unsnap(bytes, MAX_UNPACKED)))
        if (typeof labels === 'string') collector.unreadable(Buffer.from(line), `a line of a stream without labels: ${labels}`)
        else collector.document(documentOf(labels, nanoseconds, line, metadata))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      collector.unreadable(bytes, `not a Loki push: ${messageOf(error)}`)
    }
  }
  return collector.split()
}

function fromJson(input: IngestBody, collector: RecordCollector): void {
  const streams = wholeDocument(input.body, collector)?.['streams']
  if (!Array.isArray(streams)) {
    if (collector.count === 0) collector.unreadable(Buffer.from(input.body), 'not a Loki push: it has no streams')
    return
  }
  for (const stream of streams as readonly JsonValue[]) {
    const values = isJsonObject(stream) ? stream['values'] : undefined
    if (!isJsonObject(stream) || !Array.isArray(values)) {
      collector.unreadable(Buffer.from(JSON.stringify(stream)), 'not a stream: it has no values')
      continue
    }
    const labels = isJsonObject(stream['stream']) ? stream['stream'] : {}
    for (const value of values as readonly JsonValue[]) {
      const [time, line, metadata] = Array.isArray(value) ? (value as readonly JsonValue[]) : []
      if (typeof line !== 'string') collector.unreadable(Buffer.from(JSON.stringify(value)), 'not an entry: [time, line]')
      else collector.document(documentOf(labels, time, line, isJsonObject(metadata) ? metadata : {}))
    }
  }
}

function documentOf(labels: JsonObject, time: JsonValue | undefined, line: string, metadata: JsonObject): JsonObject {
  const at = instantOf(time)
  const words = { '@timestamp': at, 'loki.time': at === undefined && time !== '0' ? time : undefined }
  return enveloped(line, { ...words, ...labelWords({ ...labels, ...metadata }) })
}
