import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'
import { alter } from '../alter.ts'

/** Factors, steps of signing in, one-time links, counted failures. */
export const peopleMigrations: readonly Migration[] = [
  {
    name: '0010-access-people',
    up: async (db) => {
      await alter(db, 'access_sessions', [['confirmed', columns.time]])
      await db.schema
        .createTable('access_totp')
        .addColumn('account_id', columns.text, (c) => c.primaryKey().references('access_accounts.id').onDelete('cascade'))
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('secret', columns.text, (c) => c.notNull())
        .addColumn('active', columns.flag, (c) => c.notNull())
        .addColumn('last_step', columns.count, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_recovery')
        .addColumn('hash', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('account_id', columns.text, (c) => c.notNull().references('access_accounts.id').onDelete('cascade'))
        .addColumn('created', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_passkeys')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('account_id', columns.text, (c) => c.notNull().references('access_accounts.id').onDelete('cascade'))
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('public_key', columns.text, (c) => c.notNull())
        .addColumn('counter', columns.count, (c) => c.notNull())
        .addColumn('transports', columns.json, (c) => c.notNull())
        .addColumn('synced', columns.flag, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('last_used', columns.time)
        .execute()
      await db.schema
        .createTable('access_steps')
        .addColumn('hash', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('account_id', columns.text, (c) => c.references('access_accounts.id').onDelete('cascade'))
        .addColumn('bound_to', columns.text, (c) => c.notNull())
        .addColumn('tries', columns.integer, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_links')
        .addColumn('hash', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('account_id', columns.text, (c) => c.notNull().references('access_accounts.id').onDelete('cascade'))
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('factors', columns.flag, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_failures')
        .addColumn('key', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('count', columns.count, (c) => c.notNull())
        .addColumn('last', columns.time, (c) => c.notNull())
        .execute()
      await db.schema.createIndex('access_failures_last').on('access_failures').column('last').execute()
      await db.schema
        .createTable('access_known')
        .addColumn('account_id', columns.text, (c) => c.notNull().references('access_accounts.id').onDelete('cascade'))
        .addColumn('mark', columns.text, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('last_used', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('access_known_pk', ['account_id', 'mark'])
        .execute()
    },
  },
]
