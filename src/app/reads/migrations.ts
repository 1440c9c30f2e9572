import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const readMigrations: readonly Migration[] = [
  {
    name: '0145-reads',
    async up(db) {
      await db.schema
        .createTable('app_reads')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('by_id', columns.text, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('what', columns.text, (c) => c.notNull())
        .addColumn('what_hash', columns.text, (c) => c.notNull())
        .addColumn('slot', columns.count, (c) => c.notNull())
        .addColumn('first', columns.time, (c) => c.notNull())
        .addColumn('last', columns.time, (c) => c.notNull())
        .addColumn('times', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('app_reads_key', ['scope', 'by_id', 'slot', 'kind', 'what_hash'])
        .execute()
      await db.schema.createIndex('app_reads_last').on('app_reads').columns(['scope', 'last']).execute()
    },
  },
]
