import type { Kysely } from 'kysely'
import type { MaskedTable, MaskingTables } from './tables.ts'

type Db = Kysely<MaskingTables>

export async function addMasked(db: Db, row: MaskedTable): Promise<void> {
  await db
    .insertInto('collect_masked')
    .values(row)
    .onConflict((c) =>
      c.columns(['scope', 'rule']).doUpdateSet((eb) => ({
        masked: eb('collect_masked.masked', '+', eb.ref('excluded.masked')),
        last_at: eb.ref('excluded.last_at'),
      })),
    )
    .execute()
}

export async function readMasked(db: Db, scope: string): Promise<MaskedTable[]> {
  return await db.selectFrom('collect_masked').selectAll().where('scope', '=', scope).execute()
}
