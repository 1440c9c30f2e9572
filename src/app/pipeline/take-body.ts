import { BODY_LIMITS, bodyIdentity, type IngestBody, type IngestReply, type SplitBody } from '../../collect/sources/http/body.ts'
import { replyTo, splitBody } from '../../collect/sources/http/formats.ts'
import type { Submission } from './submission.ts'
import type { Writer } from './writer.ts'

/** Takes a request's body apart once its turn has come, and commits it. Resolves with the reply once all of it is durable. */
export async function takeBody(writer: Writer, body: IngestBody): Promise<IngestReply> {
  const started = performance.now()
  let outline: SplitBody | undefined
  const submission = (): Submission => {
    const split = splitBody(body, BODY_LIMITS, true)
    outline = withoutDocuments(split)
    const identity = bodyIdentity(body)
    return {
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
    }
  }
  const { outcomes, counts, sequence } = await writer.submit(submission, body.body.byteLength)
  return replyTo(outline!, { outcomes, counts, tookMs: performance.now() - started, sequence })
}

/** What the reply needs; the documents would wait for the commit with it otherwise. */
function withoutDocuments(split: SplitBody): SplitBody {
  return { ...split, records: split.records.map(({ id }) => ({ id })) }
}
