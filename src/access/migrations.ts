import { columns } from '../platform/state/columns.ts'
import type { Migration } from '../platform/state/migrate.ts'

export const migrations: readonly Migration[] = [
  {
    name: '0001-access-accounts',
    up: async (db) => {
      await db.schema
        .createTable('access_accounts')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull().unique())
        .addColumn('role', columns.text, (c) => c.notNull())
        .addColumn('password', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_sessions')
        .addColumn('hash', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('account_id', columns.text, (c) => c.notNull().references('access_accounts.id').onDelete('cascade'))
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('last_used', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_tokens')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('hash', columns.text, (c) => c.notNull().unique())
        .addColumn('grants', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('last_used', columns.time)
        .addColumn('expires', columns.time)
        .execute()
      await db.schema
        .createTable('access_setup')
        .addColumn('hash', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .execute()
    },
  },
]
