import type { Kysely } from 'kysely'
import type { BatchesTable, CheckpointsTable, PipelineTables, SegmentsTable } from './tables.ts'

type Db = Kysely<PipelineTables>

const HOUR_MS = 3_600_000

export async function readCheckpoint(db: Db, writer: string): Promise<CheckpointsTable | undefined> {
  return await db.selectFrom('pipeline_checkpoints').selectAll().where('writer', '=', writer).executeTakeFirst()
}

/** Moves the checkpoint and keeps the batch's root, in the caller's transaction. */
export async function recordBatch(db: Db, row: Omit<BatchesTable, 'lost'>): Promise<void> {
  const { writer, scope, sequence, received } = row
  await db
    .insertInto('pipeline_batches')
    .values({ ...row, lost: 0 })
    .execute()
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

/** When the newest hour that was sealed ended; 0 where none was. */
export async function lastSealed(db: Db): Promise<number> {
  const row = await db
    .selectFrom('pipeline_segments')
    .select((e) => e.fn.max('hour').as('hour'))
    .executeTakeFirst()
  return row?.hour === null || row?.hour === undefined ? 0 : Number(row.hour) + HOUR_MS
}

export async function recordSegment(
  db: Db,
  row: Pick<SegmentsTable, 'hour' | 'scope' | 'file' | 'sha256' | 'events' | 'sealed' | 'bytes'>,
): Promise<void> {
  await db
    .insertInto('pipeline_segments')
    .values({ ...row, revision: 0, superseded: null, dropped: null, policy: null, gone: 0, swept: '' })
    .execute()
}

/** Every hour that was ever sealed. */
export async function segments(db: Db): Promise<SegmentsTable[]> {
  return await db.selectFrom('pipeline_segments').selectAll().orderBy('hour').execute()
}

/** Sealed hours that are kept, oldest first. */
export async function keptSegments(db: Db): Promise<SegmentsTable[]> {
  return await db.selectFrom('pipeline_segments').selectAll().where('dropped', 'is', null).orderBy('hour').execute()
}

export async function segmentOf(db: Db, hour: number): Promise<SegmentsTable | undefined> {
  return await db.selectFrom('pipeline_segments').selectAll().where('hour', '=', hour).executeTakeFirst()
}

/** Given up and not yet deleted, or with a file of an earlier revision beside the new one. */
export async function unfinishedSegments(db: Db): Promise<SegmentsTable[]> {
  return await db
    .selectFrom('pipeline_segments')
    .selectAll()
    .where((e) => e.or([e.and([e('dropped', 'is not', null), e('gone', '=', 0)]), e('superseded', 'is not', null)]))
    .orderBy('hour')
    .execute()
}

export async function changeSegment(db: Db, hour: number, change: Partial<Omit<SegmentsTable, 'hour' | 'scope'>>): Promise<void> {
  await db.updateTable('pipeline_segments').set(change).where('hour', '=', hour).execute()
}

/** What retention gave up since `since`. */
export async function droppedSince(db: Db, since: number): Promise<{ readonly hours: number; readonly events: number }> {
  const row = await db
    .selectFrom('pipeline_segments')
    .select((e) => [e.fn.countAll<number>().as('hours'), e.fn.sum<number | null>('events').as('events')])
    .where('dropped', '>=', since)
    .executeTakeFirstOrThrow()
  return { hours: Number(row.hours), events: Number(row.events ?? 0) }
}

export async function checkpoints(db: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await db.selectFrom('pipeline_checkpoints').select(['writer', 'sequence']).execute()
  return new Map(rows.map(({ writer, sequence }) => [writer, sequence]))
}

export async function batchOf(db: Db, writer: string, sequence: number): Promise<BatchesTable | undefined> {
  return await db
    .selectFrom('pipeline_batches')
    .selectAll()
    .where('writer', '=', writer)
    .where('sequence', '=', sequence)
    .executeTakeFirst()
}

/** Of a batch, so many events are gone for good. */
export async function noteLost(db: Db, writer: string, sequence: number, lost: number): Promise<void> {
  await db.updateTable('pipeline_batches').set({ lost }).where('writer', '=', writer).where('sequence', '=', sequence).execute()
}

/** Forgets the batches received in [from, to). */
export async function deleteBatches(db: Db, from: number, to: number): Promise<void> {
  await db.deleteFrom('pipeline_batches').where('received', '>=', from).where('received', '<', to).execute()
}
