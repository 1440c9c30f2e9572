import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const firstWeekMigrations: readonly Migration[] = [
  {
    name: '0216-first-week',
    async up(db) {
      await db.schema
        .createTable('app_first_week')
        .addColumn('scope', columns.text, (c) => c.primaryKey())
        .addColumn('card_id', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .execute()
    },
  },
]
