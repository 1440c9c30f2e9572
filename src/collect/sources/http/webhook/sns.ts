import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { clientId } from '../../../client-id.ts'
import { enveloped } from '../../../envelope.ts'
import { type BodyLimits, eachLine, type IngestBody, type SplitBody } from '../body.ts'
import { RecordCollector } from '../collector.ts'
import { eachDocument, takeLine } from '../documents.ts'

/**
 * AWS SNS over HTTPS (docs.aws.amazon.com, "Parsing Amazon SNS message formats"): a message a request, its `Message` a text
 * or a JSON document. SNS delivers at least once: its MessageId makes the event one. A body that is none of its forms came
 * by "raw delivery" and is read as it is.
 */
export function splitSns(input: IngestBody, limits: BodyLimits): SplitBody {
  const collector = new RecordCollector(input, limits)
  const bytes = Buffer.from(input.body.buffer, input.body.byteOffset, input.body.byteLength)
  if (bytes.toString('latin1').trimStart().startsWith('{')) {
    eachDocument(input.body, collector, limits.maxLineBytes, (json) => {
      const id = json['MessageId']
      if (isMessage(json)) collector.document(documentOf(json, input.words), clientId(input.scope, 'sns', String(id)))
      else collector.document(json)
    })
  } else {
    eachLine(bytes, (line) => takeLine(line, collector, limits.maxLineBytes, {}))
  }
  return collector.split()
}

function isMessage(json: JsonObject): boolean {
  return typeof json['Type'] === 'string' && typeof json['MessageId'] === 'string' && typeof json['TopicArn'] === 'string'
}

function documentOf(json: JsonObject, words: JsonObject | undefined): JsonObject {
  const { Type, MessageId, TopicArn, Subject, Timestamp, Message, SubscribeURL, MessageAttributes } = json
  const sns: Record<string, JsonValue | undefined> = {
    type: Type,
    message_id: MessageId,
    topic_arn: TopicArn,
    subject: Subject,
    // Whoever opens it confirms the subscription; it is shown for the case that nobody did.
    subscribe_url: SubscribeURL,
    attributes: MessageAttributes,
  }
  const [, , , region, account] = String(TopicArn).split(':')
  return enveloped(Message ?? '', {
    '@timestamp': Timestamp,
    'event.module': 'aws',
    'event.dataset': 'aws.sns',
    'event.action': Type === 'Notification' ? undefined : Type,
    'cloud.provider': 'aws',
    'cloud.region': region === '' ? undefined : region,
    'cloud.account.id': account === '' ? undefined : account,
    ...words,
    ...Object.fromEntries(Object.entries(sns).map(([name, value]) => [`aws.sns.${name}`, value])),
  })
}
