import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const quarantineMigrations: readonly Migration[] = [
  {
    name: '0110-detect-quarantine',
    up: async (db) => {
      await db.schema
        .createTable('detect_quarantine')
        .addColumn('rule_id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('rule_version', columns.text, (c) => c.notNull())
        .addColumn('title', columns.text, (c) => c.notNull())
        .addColumn('file', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('took_ms', columns.count, (c) => c.notNull())
        .addColumn('budget_ms', columns.count, (c) => c.notNull())
        .addColumn('events', columns.count, (c) => c.notNull())
        .addColumn('event_id', columns.text, (c) => c.notNull())
        .addColumn('silenced', columns.json, (c) => c.notNull())
        .execute()
    },
  },
]
