import type { Kysely } from 'kysely'
import type { ErasuresTable, HoldsTable, RetentionTables } from './tables.ts'

type Db = Kysely<RetentionTables>

export async function insertHold(db: Db, row: HoldsTable): Promise<void> {
  await db.insertInto('retention_holds').values(row).execute()
}

/** Newest first. */
export async function allHolds(db: Db): Promise<HoldsTable[]> {
  return await db.selectFrom('retention_holds').selectAll().orderBy('created', 'desc').orderBy('id').execute()
}

export async function activeHolds(db: Db, now: number): Promise<HoldsTable[]> {
  return await db
    .selectFrom('retention_holds')
    .selectAll()
    .where('released', 'is', null)
    .where((e) => e.or([e('until', 'is', null), e('until', '>', now)]))
    .orderBy('id')
    .execute()
}

export async function holdById(db: Db, id: string): Promise<HoldsTable | undefined> {
  return await db.selectFrom('retention_holds').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function releaseHold(db: Db, id: string, released: number, by: string): Promise<void> {
  await db.updateTable('retention_holds').set({ released, released_by: by }).where('id', '=', id).execute()
}

export async function insertErasure(db: Db, row: ErasuresTable): Promise<void> {
  await db.insertInto('retention_erasures').values(row).execute()
}

export async function changeErasure(db: Db, id: string, change: Partial<Omit<ErasuresTable, 'id' | 'scope'>>): Promise<void> {
  await db.updateTable('retention_erasures').set(change).where('id', '=', id).execute()
}

/** Newest first. */
export async function allErasures(db: Db): Promise<ErasuresTable[]> {
  return await db.selectFrom('retention_erasures').selectAll().orderBy('created', 'desc').orderBy('id').execute()
}

export async function erasureById(db: Db, id: string): Promise<ErasuresTable | undefined> {
  return await db.selectFrom('retention_erasures').selectAll().where('id', '=', id).executeTakeFirst()
}

/** In the order in which they were asked for. */
export async function runningErasures(db: Db): Promise<ErasuresTable[]> {
  return await db.selectFrom('retention_erasures').selectAll().where('state', '=', 'running').orderBy('created').execute()
}
