import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const actionsMigrations: readonly Migration[] = [
  {
    name: '0320-respond-connections',
    up: async (db) => {
      await db.schema
        .createTable('respond_connections')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('settings', columns.json, (c) => c.notNull())
        .addColumn('secret', columns.text)
        .addColumn('sealed', columns.json, (c) => c.notNull())
        .addColumn('enabled', columns.flag, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('updated', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createIndex('respond_connections_name')
        .on('respond_connections')
        .columns(['scope', 'name'])
        .unique()
        .execute()
    },
  },
]
