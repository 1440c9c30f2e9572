import { bodyIdentity, type IngestBody, type IngestReply } from '../../collect/sources/http/body.ts'
import { replyTo, splitBody } from '../../collect/sources/http/formats.ts'
import type { Writer } from './writer.ts'

/** Takes a request's body apart and commits it. Resolves with the reply once all of it is durable. */
export async function takeBody(writer: Writer, body: IngestBody): Promise<IngestReply> {
  const started = performance.now()
  const split = splitBody(body)
  const identity = bodyIdentity(body)
  const committed = await writer.submit({
    source: body.source,
    scope: body.scope,
    request: identity,
    records: split.records,
    // Ids made from the body repeat only with the body; those the sender chose may come again in another one.
    mayRepeat: (id) => !id.startsWith(identity),
    zoneMinutes: 0,
    parsers: [],
    bytes: body.body.byteLength,
    gaps: split.gaps ?? 0,
    refused: split.refused,
  })
  return replyTo(split, {
    outcomes: committed.outcomes,
    counts: committed.counts,
    tookMs: performance.now() - started,
    sequence: committed.sequence,
  })
}
