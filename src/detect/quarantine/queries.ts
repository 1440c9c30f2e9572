import type { Kysely } from 'kysely'
import type { QuarantineTable, QuarantineTables } from './tables.ts'

export async function readQuarantine(db: Kysely<QuarantineTables>): Promise<QuarantineTable[]> {
  return await db.selectFrom('detect_quarantine').selectAll().orderBy('at').orderBy('rule_id').execute()
}

export async function putQuarantine(db: Kysely<QuarantineTables>, rows: readonly QuarantineTable[]): Promise<void> {
  for (const { rule_id, ...row } of rows) {
    await db
      .insertInto('detect_quarantine')
      .values({ rule_id, ...row })
      .onConflict((conflict) => conflict.column('rule_id').doUpdateSet(row))
      .execute()
  }
}

export async function dropQuarantine(db: Kysely<QuarantineTables>, rules: readonly string[]): Promise<void> {
  if (rules.length > 0)
    await db
      .deleteFrom('detect_quarantine')
      .where('rule_id', 'in', [...rules])
      .execute()
}
