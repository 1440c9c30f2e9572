import type { Kysely } from 'kysely'
import type { SearchesTable, SearchTables } from './tables.ts'

/** `state.scoped(scope)`: every row is of the caller's scope. */
type Db = Kysely<SearchTables>

/** The caller's own and those that are shared, by name. */
export async function searchesFor(db: Db, ownerId: string): Promise<SearchesTable[]> {
  return await db
    .selectFrom('saved_searches')
    .selectAll()
    .where((e) => e.or([e('owner_id', '=', ownerId), e('shared', '=', 1)]))
    .orderBy('name')
    .orderBy('id')
    .execute()
}

export async function ownCount(db: Db, ownerId: string): Promise<number> {
  const row = await db
    .selectFrom('saved_searches')
    .select((e) => e.fn.countAll<number>().as('searches'))
    .where('owner_id', '=', ownerId)
    .executeTakeFirstOrThrow()
  return Number(row.searches)
}

export async function searchById(db: Db, id: string): Promise<SearchesTable | undefined> {
  return await db.selectFrom('saved_searches').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertSearch(db: Db, row: SearchesTable): Promise<void> {
  await db.insertInto('saved_searches').values(row).execute()
}

export async function changeSearch(db: Db, id: string, change: Partial<Omit<SearchesTable, 'id' | 'scope'>>): Promise<void> {
  await db.updateTable('saved_searches').set(change).where('id', '=', id).execute()
}

export async function deleteSearch(db: Db, id: string): Promise<void> {
  await db.deleteFrom('saved_searches').where('id', '=', id).execute()
}
