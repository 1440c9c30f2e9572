import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const notifyMigrations: readonly Migration[] = [
  {
    name: '0141-detect-notify',
    up: async (db) => {
      await db.schema
        .createTable('detect_channels')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('shown', columns.json, (c) => c.notNull())
        .addColumn('secret', columns.text)
        .addColumn('severity', columns.integer, (c) => c.notNull())
        .addColumn('enabled', columns.flag, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('last_sent', columns.time)
        .addColumn('error', columns.text)
        .execute()
      await db.schema
        .createTable('detect_deliveries')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('channel_id', columns.text, (c) => c.notNull())
        .addColumn('alert_id', columns.text, (c) => c.notNull())
        .addColumn('notice', columns.json, (c) => c.notNull())
        .addColumn('state', columns.text, (c) => c.notNull())
        .addColumn('tries', columns.integer, (c) => c.notNull())
        .addColumn('next', columns.time, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('done', columns.time)
        .execute()
      await db.schema.createIndex('detect_deliveries_due').on('detect_deliveries').columns(['state', 'next']).execute()
      await db.schema.createIndex('detect_deliveries_channel').on('detect_deliveries').columns(['channel_id', 'state']).execute()
      await db.schema
        .createTable('detect_mail_server')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('host', columns.text, (c) => c.notNull())
        .addColumn('port', columns.integer, (c) => c.notNull())
        .addColumn('security', columns.text, (c) => c.notNull())
        .addColumn('user', columns.text, (c) => c.notNull())
        .addColumn('secret', columns.text)
        .addColumn('sender', columns.text, (c) => c.notNull())
        .addColumn('updated', columns.time, (c) => c.notNull())
        .execute()
    },
  },
]
