import type { Kysely } from 'kysely'
import type { BatchesTable, CheckpointsTable, PipelineTables, SegmentsTable } from './tables.ts'

type Db = Kysely<PipelineTables>

export async function readCheckpoint(db: Db, writer: string): Promise<CheckpointsTable | undefined> {
  return await db.selectFrom('pipeline_checkpoints').selectAll().where('writer', '=', writer).executeTakeFirst()
}

/** Moves the checkpoint and keeps the batch's root, in the caller's transaction. */
export async function recordBatch(db: Db, row: BatchesTable): Promise<void> {
  const { writer, scope, sequence, received } = row
  await db.insertInto('pipeline_batches').values(row).execute()
  await db
    .insertInto('pipeline_checkpoints')
    .values({ writer, scope, sequence, received })
    .onConflict((c) => c.column('writer').doUpdateSet({ sequence, received }))
    .execute()
}

/** The last batch that was received before `since`, 0 if all were later: reading after it gives everything from then on. */
export async function sequenceBefore(db: Db, writer: string, since: number): Promise<number> {
  const row = await db
    .selectFrom('pipeline_batches')
    .select((e) => e.fn.max('sequence').as('sequence'))
    .where('writer', '=', writer)
    .where('received', '<', since)
    .executeTakeFirst()
  return Number(row?.sequence ?? 0)
}

/** Batches received in [from, to), in order. */
export async function batchesOf(db: Db, from: number, to: number): Promise<BatchesTable[]> {
  return await db
    .selectFrom('pipeline_batches')
    .selectAll()
    .where('received', '>=', from)
    .where('received', '<', to)
    .orderBy('writer')
    .orderBy('sequence')
    .execute()
}

export async function sealedHours(db: Db): Promise<ReadonlySet<number>> {
  const rows = await db.selectFrom('pipeline_segments').select('hour').execute()
  return new Set(rows.map((row) => row.hour))
}

export async function recordSegment(db: Db, row: SegmentsTable): Promise<void> {
  await db.insertInto('pipeline_segments').values(row).execute()
}
