import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const repeatedWriteMigrations: readonly Migration[] = [
  {
    name: '0149-repeated-writes',
    async up(db) {
      await db.schema
        .createTable('app_repeated_writes')
        .addColumn('mark', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asked', columns.text, (c) => c.notNull())
        .addColumn('run', columns.text, (c) => c.notNull())
        .addColumn('answer', columns.text)
        .addColumn('created', columns.time, (c) => c.notNull())
        .execute()
      await db.schema.createIndex('app_repeated_writes_created').on('app_repeated_writes').column('created').execute()
    },
  },
]
