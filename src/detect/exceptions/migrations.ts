import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const exceptionMigrations: readonly Migration[] = [
  {
    name: '0140-detect-exceptions',
    up: async (db) => {
      await db.schema.alterTable('detect_alerts').addColumn('quiet_until', columns.time).execute()
      await db.schema.alterTable('detect_alerts').addColumn('criticality', columns.text).execute()
      await db.schema
        .alterTable('detect_alerts')
        .addColumn('confidence', columns.number, (c) => c.notNull().defaultTo(0.7))
        .execute()
      await db.schema
        .createTable('detect_exceptions')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('rule_id', columns.text, (c) => c.notNull())
        .addColumn('rule_title', columns.text, (c) => c.notNull())
        .addColumn('rule_title_ja', columns.text, (c) => c.notNull())
        .addColumn('conditions', columns.json, (c) => c.notNull())
        .addColumn('reason', columns.text, (c) => c.notNull())
        .addColumn('owner', columns.text, (c) => c.notNull())
        .addColumn('state', columns.text, (c) => c.notNull())
        .addColumn('author_account', columns.text)
        .addColumn('author_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .addColumn('decided_account', columns.text)
        .addColumn('decided_name', columns.text)
        .addColumn('decided', columns.time)
        .addColumn('hidden', columns.count, (c) => c.notNull())
        .addColumn('last_hidden', columns.time)
        .addColumn('last_events', columns.json, (c) => c.notNull())
        .addColumn('preview', columns.json, (c) => c.notNull())
        .execute()
      await db.schema.createIndex('detect_exceptions_rule').on('detect_exceptions').columns(['state', 'rule_id']).execute()
    },
  },
]
