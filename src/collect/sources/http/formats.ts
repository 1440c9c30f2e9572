import { BODY_LIMITS, type BodyFormat, type BodyLimits, type IngestBody, type IngestReply, type SplitBody } from './body.ts'
import { splitBulk } from './bulk.ts'
import { documentReply, splitDocument } from './document.ts'
import { hecReply } from './hec/reply.ts'
import { splitHecEvents, splitHecRaw } from './hec/split.ts'
import { splitLines } from './lines.ts'
import { lokiReply } from './loki/reply.ts'
import { splitLoki } from './loki/split.ts'
import { otlpReply } from './otlp/reply.ts'
import { splitOtlp } from './otlp/split.ts'
import { splitRecords } from './records.ts'
import { bulkReply, type CommitFacts, linesReply } from './reply.ts'
import { splitAlertmanager } from './webhook/alertmanager.ts'
import { splitFalco } from './webhook/falco.ts'
import { firehoseReply, splitFirehose } from './webhook/firehose.ts'
import { splitGeneric } from './webhook/generic.ts'
import { splitKubernetesAudit } from './webhook/kubernetes-audit.ts'
import { webhookReply } from './webhook/reply.ts'
import { splitSns } from './webhook/sns.ts'

/** How a body is taken apart and its sender answered; pure, run in the writer's thread. */
export interface Format {
  /**
   * @param later whether records may be read later: what is said about them in the reply is known only then.
   * @throws KanpekiError `too_many_records`; anything else that is wrong becomes a record.
   */
  split(input: IngestBody, limits: BodyLimits, later: boolean): SplitBody
  /** The reply to a body that is durably committed. Never built before that. */
  reply(split: SplitBody, facts: CommitFacts): IngestReply
}

/** Every format that a body can have. */
export const FORMATS: Readonly<Record<BodyFormat, Format>> = {
  bulk: { split: splitBulk, reply: bulkReply },
  document: { split: splitDocument, reply: documentReply },
  lines: { split: splitLines, reply: linesReply },
  records: { split: splitRecords, reply: linesReply },
  hec: { split: splitHecEvents, reply: hecReply },
  'hec-raw': { split: splitHecRaw, reply: hecReply },
  otlp: { split: splitOtlp, reply: otlpReply },
  loki: { split: splitLoki, reply: lokiReply },
  falco: { split: splitFalco, reply: webhookReply },
  alertmanager: { split: splitAlertmanager, reply: webhookReply },
  'k8s-audit': { split: splitKubernetesAudit, reply: webhookReply },
  sns: { split: splitSns, reply: webhookReply },
  firehose: { split: splitFirehose, reply: firehoseReply },
  generic: { split: splitGeneric, reply: webhookReply },
}

/** @param later see `Format`. @throws KanpekiError `too_many_records`. */
export function splitBody(input: IngestBody, limits: BodyLimits = BODY_LIMITS, later = false): SplitBody {
  return FORMATS[input.format].split(input, limits, later)
}

export function replyTo(split: SplitBody, facts: CommitFacts): IngestReply {
  return FORMATS[split.format].reply(split, facts)
}
