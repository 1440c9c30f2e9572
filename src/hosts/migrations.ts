import { columns } from '../platform/state/columns.ts'
import type { Migration } from '../platform/state/migrate.ts'

export const migrations: readonly Migration[] = [
  {
    name: '0280-hosts-commands',
    up: async (db) => {
      await db.schema
        .createTable('hosts_commands')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('agent', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('params', columns.json, (c) => c.notNull())
        .addColumn('key', columns.text, (c) => c.notNull())
        .addColumn('by_id', columns.text, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('reason', columns.text)
        .addColumn('state', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .addColumn('given', columns.time)
        .addColumn('answered', columns.time)
        .addColumn('receipt', columns.json)
        .addColumn('failed_code', columns.text)
        .addColumn('failed', columns.text)
        .addUniqueConstraint('hosts_commands_once', ['scope', 'key'])
        .execute()
      await db.schema.createIndex('hosts_commands_agent').on('hosts_commands').columns(['agent', 'state']).execute()
      await db.schema.createIndex('hosts_commands_created').on('hosts_commands').columns(['scope', 'created']).execute()
      await db.schema
        .createTable('hosts_status')
        .addColumn('agent', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('status', columns.json, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('hosts_policies')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('label', columns.text, (c) => c.notNull())
        .addColumn('settings', columns.json, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('changed', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('hosts_policies_key', ['scope', 'label'])
        .execute()
      await db.schema
        .createTable('hosts_releases')
        .addColumn('sha256', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('version', columns.text, (c) => c.notNull())
        .addColumn('signature', columns.text, (c) => c.notNull())
        .addColumn('bytes', columns.count, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .execute()
    },
  },
  {
    name: '0281-hosts-integrity',
    up: async (db) => {
      await db.schema
        .createTable('hosts_integrity')
        .addColumn('agent', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('report', columns.json, (c) => c.notNull())
        .addColumn('changes', columns.json, (c) => c.notNull())
        .execute()
    },
  },
]
