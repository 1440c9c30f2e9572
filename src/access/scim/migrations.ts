import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'
import { alter } from '../alter.ts'

export const scimMigrations: readonly Migration[] = [
  {
    name: '0022-access-scim',
    up: async (db) => {
      await db.schema
        .createTable('access_scim_users')
        .addColumn('account_id', columns.text, (c) => c.primaryKey().references('access_accounts.id').onDelete('cascade'))
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name_key', columns.text, (c) => c.notNull().unique())
        .addColumn('external_id', columns.text)
        .addColumn('document', columns.json, (c) => c.notNull())
        .addColumn('version', columns.count, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('modified', columns.time, (c) => c.notNull())
        .execute()
      await db.schema.createIndex('access_scim_users_external').on('access_scim_users').column('external_id').execute()
      await db.schema
        .createTable('access_scim_groups')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('name_key', columns.text, (c) => c.notNull().unique())
        .addColumn('external_id', columns.text)
        .addColumn('roles', columns.json, (c) => c.notNull())
        .addColumn('version', columns.count, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('modified', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_scim_members')
        .addColumn('group_id', columns.text, (c) => c.notNull().references('access_scim_groups.id').onDelete('cascade'))
        .addColumn('account_id', columns.text, (c) => c.notNull().references('access_accounts.id').onDelete('cascade'))
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('access_scim_members_once', ['group_id', 'account_id'])
        .execute()
      await db.schema.createIndex('access_scim_members_of').on('access_scim_members').column('account_id').execute()
    },
  },
  {
    name: '0023-access-scim-ended',
    up: (db) => alter(db, 'access_scim_users', [['ended_by_client', columns.flag, (c) => c.notNull().defaultTo(0)]]),
  },
]
