import type { RawRecord } from '../../kernel/event.ts'
import type { Commit, CommitBatch } from '../commit.ts'
import { addCounts, countOutcomes, NO_COUNTS, type RecordOutcome } from '../counts.ts'
import type { Counts } from '../schema.ts'
import type { IngestBody, IngestReply } from '../sources/http/body.ts'
import { replyTo, splitBody } from '../sources/http/formats.ts'

/**
 * A writer that keeps what it is given in memory and treats ids as the real one does: the first record with an id is
 * stored, a later one is a repetition. It fails where `fault` says so, before anything is kept.
 */
export class Recorder {
  readonly stored = new Map<string, RawRecord>()
  readonly batches: CommitBatch[] = []
  readonly bodies: IngestBody[] = []
  counts: Counts = NO_COUNTS
  fault: (() => Error | undefined) | undefined
  private sequence = 0

  readonly commit: Commit = async (batch) => {
    this.failIfAsked()
    this.batches.push(batch)
    const counts = countOutcomes(this.keep(batch.records), { bytes: batch.bytes, gaps: batch.gaps })
    this.counts = addCounts(this.counts, counts)
    return { writer: 'recorder', sequence: ++this.sequence, counts }
  }

  readonly commitBody = async (body: IngestBody): Promise<IngestReply> => {
    this.failIfAsked()
    const split = splitBody(body)
    this.bodies.push(body)
    const outcomes = this.keep(split.records)
    const counts = countOutcomes(outcomes, { bytes: body.body.byteLength, dropped: split.refused, gaps: split.gaps ?? 0 })
    this.counts = addCounts(this.counts, counts)
    return replyTo(split, { outcomes, counts, tookMs: 1, sequence: ++this.sequence })
  }

  texts(): (string | undefined)[] {
    return [...this.stored.values()].map((record) => record.text)
  }

  private keep(records: readonly RawRecord[]): RecordOutcome[] {
    return records.map((record) => {
      if (this.stored.has(record.id)) return 'repeated'
      this.stored.set(record.id, record)
      return record.unreadable === undefined ? 'parsed' : 'unknown'
    })
  }

  private failIfAsked(): void {
    const error = this.fault?.()
    if (error !== undefined) throw error
  }
}
