import type { ColumnDefinitionBuilder, Kysely } from 'kysely'
import type { columns } from '../platform/state/columns.ts'

export type AddedColumn = readonly [
  name: string,
  type: (typeof columns)[keyof typeof columns],
  build?: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder,
]

/** Adds columns in a migration; one statement each, since SQLite adds no more at once. */
export async function alter(db: Kysely<never>, table: string, added: readonly AddedColumn[]): Promise<void> {
  for (const [name, type, build] of added) await db.schema.alterTable(table).addColumn(name, type, build).execute()
}
