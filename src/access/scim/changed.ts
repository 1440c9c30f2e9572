import type { Evidence } from '../../kernel/evidence.ts'

/** What a change came to: the row after it, and what the ledger is told. */
export interface Changed<Row> {
  readonly row: Row
  readonly evidence: readonly Evidence[]
}
