import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { enveloped } from '../../../envelope.ts'
import { type BodyLimits, eachLine, type IngestBody, type SplitBody } from '../body.ts'
import { RecordCollector } from '../collector.ts'
import { eachDocument, takeLine } from '../documents.ts'
import { splunkWords } from './words.ts'

/**
 * Splunk's HTTP Event Collector, `/services/collector/event` (docs.splunk.com, "Format events for HTTP Event Collector"):
 * JSON objects one after the other, each with `event` (a text or an object) and words about it. A part that is none is
 * kept, and reading goes on behind it.
 */
export function splitHecEvents(input: IngestBody, limits: BodyLimits): SplitBody {
  const collector = new RecordCollector(input, limits)
  eachDocument(input.body, collector, limits.maxLineBytes, (json) => {
    const event = json['event']
    if (event === undefined || event === null || event === '') {
      const reason = event === undefined ? 'Event field is required' : 'Event field cannot be blank'
      return collector.unreadable(Buffer.from(JSON.stringify(json)), reason)
    }
    // Words of the query hold for every event that says nothing else.
    collector.document(enveloped(event, { ...splunkWords({ ...input.words, ...json }), ...severityOf(event) }))
  })
  return collector.split()
}

/** `/services/collector/raw`: lines of a log; what the query says of them holds for all. */
export function splitHecRaw(input: IngestBody, limits: BodyLimits): SplitBody {
  const collector = new RecordCollector(input, limits)
  const words = splunkWords(input.words ?? {})
  const bytes = Buffer.from(input.body.buffer, input.body.byteOffset, input.body.byteLength)
  eachLine(bytes, (line) => takeLine(line, collector, limits.maxLineBytes, words))
  return collector.split()
}

/** Splunk's loggers write the level beside the message. */
function severityOf(event: JsonValue): JsonObject {
  const severity = isJsonObject(event) ? event['severity'] : undefined
  return typeof severity === 'string' && severity !== '' ? { 'log.level': severity.toLowerCase() } : {}
}
