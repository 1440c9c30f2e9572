import type { RawRecord } from '../kernel/event.ts'
import type { Counts } from './schema.ts'

/** One batch of a source on its way to the writer. A retry carries the same records with the same ids. */
export interface CommitBatch {
  /** Source id, e.g. `syslog` or `file:auth`. */
  readonly source: string
  readonly scope: string
  readonly records: readonly RawRecord[]
  readonly bytes: number
  /** Records known to be lost before these. */
  readonly gaps: number
  /** Minutes east of UTC for lines without a zone. */
  readonly zoneMinutes: number
  /** Parser ids to try first. */
  readonly parsers: readonly string[]
}

/** Resolved only after the lake has the batch on disk. `counts` are this batch's, as they were added to the accounts. */
export interface CommitResult {
  readonly writer: string
  readonly sequence: number
  readonly counts: Counts
  /** Observed time of the batch's newest event of this source, milliseconds UTC; absent where no event carries one. */
  readonly observed?: number
  /** How many values each masking rule masked; absent where none did. */
  readonly masked?: ReadonlyMap<string, number>
}

/**
 * Hands a batch to the writer. Rejecting means that nothing may be acknowledged; a KanpekiError's code says why
 * (`queue_full`, `disk_full`, `stopping` …).
 */
export type Commit = (batch: CommitBatch) => Promise<CommitResult>
