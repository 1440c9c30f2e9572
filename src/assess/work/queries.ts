import type { Db } from '../inventory/queries.ts'
import type { ExceptionsTable, RatingsTable, WorkTable } from '../inventory/tables.ts'
import { inParts, markChanged } from '../weighing/queries.ts'

/** Parameters a statement may carry are limited (SQLite 32,766): 10 a row. */
const ROWS_A_STATEMENT = 1000

export async function workOfAssets(db: Db, assets: readonly string[]): Promise<WorkTable[]> {
  return await inParts(assets, (some) => db.selectFrom('assess_work').selectAll().where('asset', 'in', some).execute())
}

export async function saveWork(db: Db, rows: readonly WorkTable[]): Promise<void> {
  await markChanged(db, rows)
  await writeWork(db, rows)
}

/** The same for who weighs what it is about in the same transaction. */
export async function writeWork(db: Db, rows: readonly WorkTable[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await db
      .insertInto('assess_work')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['scope', 'asset', 'package', 'id']).doUpdateSet((e) => ({
          owner: e.ref('excluded.owner'),
          due: e.ref('excluded.due'),
          ticket: e.ref('excluded.ticket'),
          note: e.ref('excluded.note'),
          updated: e.ref('excluded.updated'),
          by_name: e.ref('excluded.by_name'),
        })),
      )
      .execute()
}

export async function exceptionsOf(db: Db): Promise<ExceptionsTable[]> {
  return await db.selectFrom('assess_exceptions').selectAll().orderBy('created', 'desc').orderBy('id').execute()
}

export async function exceptionById(db: Db, id: string): Promise<ExceptionsTable | undefined> {
  return await db.selectFrom('assess_exceptions').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertException(db: Db, row: ExceptionsTable): Promise<void> {
  await db.insertInto('assess_exceptions').values(row).execute()
}

export async function changeException(db: Db, id: string, change: Partial<Omit<ExceptionsTable, 'scope' | 'id'>>): Promise<void> {
  await db.updateTable('assess_exceptions').set(change).where('id', '=', id).execute()
}

/** Exceptions in force whose time is over. */
export async function overdueExceptions(db: Db, now: number): Promise<ExceptionsTable[]> {
  return await db.selectFrom('assess_exceptions').selectAll().where('state', '=', 'active').where('expires', '<=', now).execute()
}

export async function workAt(db: Db, asset: string, place: string): Promise<WorkTable[]> {
  return await db.selectFrom('assess_work').selectAll().where('asset', '=', asset).where('package', '=', place).execute()
}

/** Work goes along with a finding that moved. */
export async function moveWork(
  db: Db,
  { scope, asset, package: from, id }: Pick<WorkTable, 'scope' | 'asset' | 'package' | 'id'>,
  to: string,
): Promise<void> {
  await db
    .updateTable('assess_work')
    .set({ package: to })
    .where('scope', '=', scope)
    .where('asset', '=', asset)
    .where('package', '=', from)
    .where('id', '=', id)
    .execute()
}

export async function ratingsOfAssets(db: Db, assets: readonly string[]): Promise<RatingsTable[]> {
  return await inParts([...new Set(assets.map((asset) => asset.toLowerCase()))], (some) =>
    db.selectFrom('assess_ratings').selectAll().where('asset', 'in', some).execute(),
  )
}

/** @param vector null: what was said is taken back. @param spellings of the asset, in which it is weighed. */
export async function saveRating(
  db: Db,
  { vector, ...row }: Omit<RatingsTable, 'vector'> & { readonly vector: string | null },
  spellings: readonly string[],
): Promise<void> {
  await markChanged(
    db,
    spellings.map((asset) => ({ scope: row.scope, asset })),
  )
  const { scope, asset, package: place, id, ...change } = row
  if (vector === null)
    await db
      .deleteFrom('assess_ratings')
      .where('scope', '=', scope)
      .where('asset', '=', asset)
      .where('package', '=', place)
      .where('id', '=', id)
      .execute()
  else
    await db
      .insertInto('assess_ratings')
      .values({ ...row, vector })
      .onConflict((conflict) => conflict.columns(['scope', 'asset', 'package', 'id']).doUpdateSet({ ...change, vector }))
      .execute()
}
