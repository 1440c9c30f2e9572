import { columns } from './columns.ts'
import type { Migration } from './migrate.ts'

export const stateMigrations: readonly Migration[] = [
  {
    name: '0000-platform-floor',
    async up(db) {
      await db.schema
        .createTable('assets')
        .addColumn('id', columns.text, (column) => column.primaryKey())
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addColumn('names', columns.json, (column) => column.notNull())
        .addColumn('labels', columns.json, (column) => column.notNull())
        .addColumn('criticality', columns.text, (column) => column.notNull())
        .addColumn('owner', columns.text)
        .addColumn('created', columns.time, (column) => column.notNull())
        .addColumn('updated', columns.time, (column) => column.notNull())
        .execute()
      await db.schema
        .createTable('outbox')
        .addColumn('seq', columns.count, (column) => column.primaryKey())
        .addColumn('type', columns.text, (column) => column.notNull())
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addColumn('observed', columns.time, (column) => column.notNull())
        .addColumn('received', columns.time, (column) => column.notNull())
        .addColumn('body', columns.json, (column) => column.notNull())
        .addColumn('created', columns.time, (column) => column.notNull())
        .execute()
      for (const table of ['settings', 'positions']) {
        await db.schema
          .createTable(table)
          .addColumn('key', columns.text, (column) => column.primaryKey())
          .addColumn('value', columns.text, (column) => column.notNull())
          .execute()
      }
      await db.schema
        .createTable('counters')
        .addColumn('name', columns.text, (column) => column.primaryKey())
        .addColumn('value', columns.count, (column) => column.notNull())
        .execute()
    },
  },
]
