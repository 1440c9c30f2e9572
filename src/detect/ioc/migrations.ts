import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const iocMigrations: readonly Migration[] = [
  {
    name: '0130-detect-ioc',
    up: async (db) => {
      await db.schema
        .createTable('detect_ioc_lists')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('url', columns.text)
        .addColumn('user', columns.text)
        .addColumn('secret', columns.text)
        .addColumn('confidence', columns.integer, (c) => c.notNull())
        .addColumn('days', columns.integer)
        .addColumn('every', columns.time, (c) => c.notNull())
        .addColumn('guarded', columns.flag, (c) => c.notNull())
        .addColumn('cursor', columns.text)
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('changed', columns.time, (c) => c.notNull())
        .addColumn('tried', columns.time)
        .addColumn('fetched', columns.time)
        .addColumn('error', columns.text)
        .addColumn('skipped', columns.json, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('detect_ioc_indicators')
        .addColumn('list_id', columns.text, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('value', columns.text, (c) => c.notNull())
        .addColumn('confidence', columns.integer, (c) => c.notNull())
        .addColumn('until', columns.time)
        .addColumn('note', columns.text, (c) => c.notNull())
        .addColumn('ref', columns.text)
        .addColumn('added', columns.time, (c) => c.notNull())
        .addColumn('past', columns.flag, (c) => c.notNull())
        .addPrimaryKeyConstraint('detect_ioc_indicators_key', ['list_id', 'kind', 'value'])
        .execute()
      await db.schema.createIndex('detect_ioc_past').on('detect_ioc_indicators').columns(['past', 'added']).execute()
      await db.schema.createIndex('detect_ioc_value').on('detect_ioc_indicators').columns(['scope', 'value']).execute()
    },
  },
  {
    // Indexes that begin with the scope alone made SQLite read every indicator for the few of one list.
    name: '0148-detect-ioc-of-list',
    up: async (db) => {
      await db.schema
        .createIndex('detect_ioc_of_list')
        .on('detect_ioc_indicators')
        .columns(['scope', 'list_id', 'value', 'past'])
        .execute()
    },
  },
]
