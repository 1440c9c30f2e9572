import { sql } from 'kysely'
import type { State } from '../state/state.ts'
import { resealed, type SealedPlace } from './sealed-place.ts'
import { sealedPrefix } from './sealer.ts'

/** A column of the state store whose texts are sealed values or null. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** Columns that name a row, its primary key. */
  readonly key: readonly string[]
  /** What the row's value was sealed for; gets the key columns. */
  readonly context: (row: Readonly<Record<string, unknown>>) => string
}

type AnyTables = Record<string, Record<string, unknown>>

/** Every column there is. Kysely's own introspection binds booleans, which a column cannot hold here. */
const COLUMNS_OF = {
  sqlite: sql<{ table: string; column: string }>`
    select tables.name as "table", columns.name as "column"
    from sqlite_master as tables join pragma_table_info(tables.name) as columns
    where tables.type = 'table' and tables.name not like 'sqlite\\_%' escape '\\'`,
  postgres: sql<{ table: string; column: string }>`
    select columns.table_name as "table", columns.column_name as "column"
    from information_schema.columns as columns
    join information_schema.tables as tables using (table_schema, table_name)
    where table_schema = current_schema() and table_type = 'BASE TABLE'`,
} as const

/** A column as a place to seal again, in one transaction. */
export function sealedColumn(state: State, { table, column, key, context }: SealedColumn): SealedPlace {
  return {
    id: `${table}.${column}`,
    reseal: (sealer) =>
      state.transaction<AnyTables, number>(async (trx) => {
        const rows = await trx
          .selectFrom(table)
          .select([...key, column])
          .where(column, 'like', 'kpseal1:%')
          .execute()
        let written = 0
        for (const row of rows) {
          const again = resealed(sealer, String(row[column]), context(row))
          if (again === undefined) continue
          let update = trx.updateTable(table).set({ [column]: again })
          for (const name of key) update = update.where(name, '=', row[name])
          await update.execute()
          written += 1
        }
        return written
      }),
  }
}

/**
 * Every column that still holds a value sealed by one of these keys, wherever in its text: what a rotation forgot.
 * Reads all tables; for the end of a rotation only.
 * @returns `table.column` of each.
 */
export async function columnsSealedBy(state: State, keyIds: readonly string[]): Promise<readonly string[]> {
  const db = state.tables<AnyTables>()
  const found: string[] = []
  for (const { table, column } of (await COLUMNS_OF[state.dialect].execute(db)).rows) {
    const text = sql<string>`cast(${sql.ref(column)} as text)`
    const left = await db
      .selectFrom(table)
      .select(sql<number>`1`.as('one'))
      .where((is) => is.or(keyIds.map((id) => is(text, 'like', `%${sealedPrefix(id)}%`))))
      .limit(1)
      .executeTakeFirst()
    if (left !== undefined) found.push(`${table}.${column}`)
  }
  return found.sort()
}
