import type { Kysely } from 'kysely'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { jsonText, readJson } from './columns.ts'
import { takeNumbers } from './counters.ts'
import type { StateTables } from './tables.ts'

/** Evidence waiting for the ledger. `seq` starts at 1 and has no gaps; `created` is when it was recorded. */
export interface OutboxEntry extends Evidence {
  readonly seq: number
  readonly created: number
}

/** Parameters a statement may carry are limited (SQLite 32,766, PostgreSQL 65,535): 7 a row. */
const ROWS_A_STATEMENT = 1000

/**
 * Records evidence in the caller's transaction: it reaches the ledger exactly when that transaction commits.
 * @returns the last sequence number given, 0 if there was nothing to record.
 */
export async function recordEvidence<T>(
  trx: Kysely<T>,
  evidence: readonly Evidence[],
  clock: Clock = systemClock,
): Promise<number> {
  if (evidence.length === 0) return 0
  const db = trx as unknown as Kysely<StateTables>
  const last = await takeNumbers(db, 'outbox', evidence.length)
  const first = last - evidence.length + 1
  const created = clock.now()
  const rows = evidence.map((entry, index) => ({
    seq: first + index,
    type: entry.type,
    scope: entry.scope,
    observed: entry.observed,
    received: entry.received,
    body: jsonText(entry.body),
    created,
  }))
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
    await db
      .insertInto('outbox')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .execute()
  }
  return last
}

/** The next entries after `afterSeq`, oldest first. */
export async function readOutbox<T>(db: Kysely<T>, afterSeq: number, limit: number): Promise<readonly OutboxEntry[]> {
  const rows = await (db as unknown as Kysely<StateTables>)
    .selectFrom('outbox')
    .selectAll()
    .where('seq', '>', afterSeq)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, body: readJson<JsonObject>(row.body) }))
}

/** Forgets entries up to and including `uptoSeq`: call it only once they are durably in the ledger. */
export async function pruneOutbox<T>(db: Kysely<T>, uptoSeq: number): Promise<void> {
  await (db as unknown as Kysely<StateTables>).deleteFrom('outbox').where('seq', '<=', uptoSeq).execute()
}
