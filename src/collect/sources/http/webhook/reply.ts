import type { IngestReply, SplitBody } from '../body.ts'
import { type CommitFacts, linesReply } from '../reply.ts'

/** The accounts of what was sent; 400 (an RFC 9457 problem) where something was no event, which is kept all the same. */
export function webhookReply(split: SplitBody, facts: CommitFacts): IngestReply {
  const { trouble } = split
  if (trouble === undefined) return linesReply(split, facts)
  const problem = {
    type: 'about:blank',
    title: 'unreadable',
    status: 400,
    code: 'unreadable',
    detail: `Event ${trouble.at} cannot be read: ${trouble.reason}.`,
    remedy: 'It is kept as an unknown of this source; sending it again changes nothing.',
  }
  return { status: 400, type: 'application/problem+json', body: Buffer.from(JSON.stringify(problem)) }
}
