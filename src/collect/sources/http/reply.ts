import type { RecordOutcome } from '../../counts.ts'
import type { Counts } from '../../schema.ts'
import type { BulkItem, IngestReply, SplitBody } from './body.ts'

export interface CommitFacts {
  /** One for each of the split body's records, in order. */
  readonly outcomes: readonly RecordOutcome[]
  readonly counts: Counts
  readonly tookMs: number
  /** The batch's place in the writer's log: what Elasticsearch calls `_seq_no`. */
  readonly sequence: number
}

/**
 * Elasticsearch's bulk reply. Written by hand since 20,000 items pass here at once; the order of keys is part of it:
 * Fluent Bit looks for the literal `"errors":false,"items":[` where its buffer does not hold the whole reply.
 *
 * A record that we already have answers 200 `noop`, not 409: to senders 409 is a failure, and the retry after a lost
 * reply is the usual reason for one.
 */
export function bulkReply(split: SplitBody, facts: CommitFacts): IngestReply {
  let errors = false
  const parts: string[] = []
  for (const [at, item] of split.items.entries()) {
    if (item.error !== undefined) errors = true
    const record = item.record < 0 ? undefined : split.records[item.record]
    const id = item.id ?? record?.id ?? String(at)
    parts.push(itemReply(item, id, item.record < 0 ? undefined : facts.outcomes[item.record], facts.sequence))
  }
  return json(200, `{"took":${Math.max(0, Math.round(facts.tookMs))},"errors":${errors},"items":[${parts.join(',')}]}`)
}

function itemReply(item: BulkItem, id: string, outcome: RecordOutcome | undefined, sequence: number): string {
  const place = `{"${item.action}":{"_index":${JSON.stringify(item.index)},"_id":${JSON.stringify(id)},`
  if (item.error !== undefined) return `${place}"status":400,"error":${JSON.stringify(item.error)}}}`
  const { result, status } = resultOf(outcome)
  return `${place}"_version":1,"result":"${result}","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":${sequence},"_primary_term":1,"status":${status}}}`
}

/** What Elasticsearch says of a document. */
export function resultOf(outcome: RecordOutcome | undefined): {
  readonly result: 'noop' | 'created'
  readonly status: 200 | 201
} {
  return outcome === 'repeated' || outcome === 'dropped' ? { result: 'noop', status: 200 } : { result: 'created', status: 201 }
}

export function linesReply(_split: SplitBody, facts: CommitFacts): IngestReply {
  const { received, stored, parsed, unknown, repeated, dropped } = facts.counts
  return json(
    200,
    JSON.stringify({ took: Math.max(0, Math.round(facts.tookMs)), received, stored, parsed, unknown, repeated, dropped }),
  )
}

function json(status: number, text: string): IngestReply {
  return { status, body: Buffer.from(text) }
}
