import type { Kysely } from 'kysely'
import type { FirstWeekTable, FirstWeekTables } from './tables.ts'

type Db = Kysely<FirstWeekTables>

export async function firstWeekOf(db: Db, scope: string): Promise<FirstWeekTable | undefined> {
  return await db.selectFrom('app_first_week').selectAll().where('scope', '=', scope).executeTakeFirst()
}

/** Another choice replaces the one before. */
export async function chooseFirst(trx: Db, row: FirstWeekTable): Promise<void> {
  const { scope: _scope, ...change } = row
  await trx
    .insertInto('app_first_week')
    .values(row)
    .onConflict((conflict) => conflict.column('scope').doUpdateSet(change))
    .execute()
}
