import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const retentionMigrations: readonly Migration[] = [
  {
    name: '0067-retention-holds',
    async up(db) {
      await db.schema
        .createTable('retention_holds')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('query', columns.text, (c) => c.notNull())
        .addColumn('begins', columns.time)
        .addColumn('ends', columns.time)
        .addColumn('owner', columns.text, (c) => c.notNull())
        .addColumn('reason', columns.text, (c) => c.notNull())
        .addColumn('by_id', columns.text, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('until', columns.time)
        .addColumn('released', columns.time)
        .addColumn('released_by', columns.text)
        .execute()
      await db.schema
        .createTable('retention_erasures')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('state', columns.text, (c) => c.notNull())
        .addColumn('request', columns.json, (c) => c.notNull())
        .addColumn('reason', columns.text, (c) => c.notNull())
        .addColumn('by_id', columns.text, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('finished', columns.time)
        .addColumn('events', columns.count, (c) => c.notNull())
        .addColumn('batches', columns.count, (c) => c.notNull())
        .addColumn('hours', columns.count, (c) => c.notNull())
        .addColumn('held', columns.count, (c) => c.notNull())
        .execute()
    },
  },
]
