import { messageOf } from '../../../../kernel/error.ts'
import type { JsonObject } from '../../../../kernel/json.ts'
import { safeKey } from '../../../normalise/draft.ts'
import { allBytesOf, bytesOf, fieldsOf, numberOf } from '../../../protobuf.ts'
import { decodeText } from '../../../text.ts'
import { readLabels } from './labels.ts'

/** A line with its stream's labels; `nanoseconds` since 1970 as decimal digits. */
export interface LokiEntry {
  /** A text says why they cannot be read. */
  readonly labels: JsonObject | string
  readonly nanoseconds: string
  readonly line: string
  readonly metadata: JsonObject
}

/**
 * The entries of a `logproto.PushRequest` (grafana/loki, pkg/push/push.proto): streams = 1 { labels = 1, entries = 2
 * { timestamp = 1 { seconds = 1, nanos = 2 }, line = 2, structuredMetadata = 3 { name = 1, value = 2 } } }.
 * @throws RangeError for bytes that are none.
 */
export function readPushRequest(message: Buffer): LokiEntry[] {
  return allBytesOf(fieldsOf(message), 1).flatMap((stream) => {
    const fields = fieldsOf(stream)
    const labels = labelsOf(text(bytesOf(fields, 1)))
    return allBytesOf(fields, 2).map((entry) => entryOf(labels, entry))
  })
}

/** One stream's labels are no reason to lose the others. */
function labelsOf(labels: string): JsonObject | string {
  try {
    return readLabels(labels)
  } catch (error) {
    if (error instanceof RangeError) return messageOf(error)
    throw error
  }
}

function entryOf(labels: LokiEntry['labels'], entry: Buffer): LokiEntry {
  const fields = fieldsOf(entry)
  const time = fieldsOf(bytesOf(fields, 1) ?? Buffer.alloc(0))
  const metadata: Record<string, string> = {}
  for (const pair of allBytesOf(fields, 3)) {
    const parts = fieldsOf(pair)
    metadata[safeKey(text(bytesOf(parts, 1)))] = text(bytesOf(parts, 2))
  }
  const nanoseconds = (numberOf(time, 1) ?? 0n) * 1_000_000_000n + (numberOf(time, 2) ?? 0n)
  return { labels, nanoseconds: String(nanoseconds), line: text(bytesOf(fields, 2)), metadata }
}

function text(bytes: Buffer | undefined): string {
  return bytes === undefined ? '' : decodeText(bytes).text
}
