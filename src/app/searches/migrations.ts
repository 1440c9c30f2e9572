import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const searchMigrations: readonly Migration[] = [
  {
    name: '0069-saved-searches',
    async up(db) {
      await db.schema
        .createTable('saved_searches')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('query', columns.text, (c) => c.notNull())
        .addColumn('span', columns.text)
        .addColumn('begins', columns.time)
        .addColumn('ends', columns.time)
        .addColumn('owner_id', columns.text, (c) => c.notNull())
        .addColumn('owner_name', columns.text, (c) => c.notNull())
        .addColumn('shared', columns.flag, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('updated', columns.time, (c) => c.notNull())
        .execute()
      await db.schema.createIndex('saved_searches_owner').on('saved_searches').columns(['scope', 'owner_id']).execute()
    },
  },
]
