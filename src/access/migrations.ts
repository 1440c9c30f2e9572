import type { Kysely } from 'kysely'
import { EVERY_SCOPE } from '../platform/http/route.ts'
import { columns } from '../platform/state/columns.ts'
import type { Migration } from '../platform/state/migrate.ts'
import { alter } from './alter.ts'
import { assetMigrations } from './assets/migrations.ts'
import { machineMigrations } from './machines/migrations.ts'
import { peopleMigrations } from './people/migrations.ts'
import { reviewMigrations } from './reviews/migrations.ts'
import { scimMigrations } from './scim/migrations.ts'
import { ssoMigrations } from './sso/migrations.ts'
import type { AccessTables } from './tables.ts'

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
  {
    name: '0002-access-roles',
    up: async (db: Kysely<never>) => {
      await db.schema
        .createTable('access_scopes')
        .addColumn('scope', columns.text, (c) => c.primaryKey())
        .addColumn('title', columns.text, (c) => c.notNull())
        .addColumn('labels', columns.json, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_assignments')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('account_id', columns.text, (c) => c.notNull().references('access_accounts.id').onDelete('cascade'))
        .addColumn('role', columns.text, (c) => c.notNull())
        .addColumn('origin', columns.text, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addUniqueConstraint('access_assignments_once', ['account_id', 'role', 'scope'])
        .execute()
      await alter(db, 'access_accounts', [
        ['display', columns.text, (c) => c.notNull().defaultTo('')],
        ['email', columns.text],
        ['origin', columns.text, (c) => c.notNull().defaultTo('local')],
        ['subject', columns.text],
        ['active', columns.flag, (c) => c.notNull().defaultTo(1)],
        ['break_glass', columns.flag, (c) => c.notNull().defaultTo(0)],
        ['last_seen', columns.time],
      ])
      await alter(db, 'access_sessions', [
        ['id', columns.text, (c) => c.notNull().defaultTo('')],
        ['methods', columns.json, (c) => c.notNull().defaultTo('["pwd"]')],
        ['address', columns.text, (c) => c.notNull().defaultTo('')],
        ['agent', columns.text, (c) => c.notNull().defaultTo('')],
      ])
      await alter(db, 'access_tokens', [['owner', columns.text]])
      await moveRoles(db as unknown as Kysely<BeforeRoles>)
      await db.schema.alterTable('access_accounts').dropColumn('role').execute()
    },
  },
  ...ssoMigrations,
  ...machineMigrations,
  ...peopleMigrations,
  ...scimMigrations,
  ...assetMigrations,
  ...reviewMigrations,
  {
    name: '0260-access-audit-periods',
    up: async (db) => {
      await db.schema
        .createTable('access_audit_periods')
        .addColumn('holder', columns.text, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('from_at', columns.time)
        .addColumn('to_at', columns.time)
        .addPrimaryKeyConstraint('access_audit_periods_key', ['holder', 'scope'])
        .execute()
    },
  },
]

interface BeforeRoles {
  access_accounts: { id: string; role: string; created: number }
  access_assignments: AccessTables['access_assignments']
  access_sessions: AccessTables['access_sessions']
}

/** Accounts from before roles had one each, in every scope, and could sign cards as such. Everybody signs in anew. */
async function moveRoles(db: Kysely<BeforeRoles>): Promise<void> {
  for (const { id, role, created } of await db.selectFrom('access_accounts').select(['id', 'role', 'created']).execute()) {
    for (const one of role === 'administrator' ? ['administrator', 'approver'] : [role]) {
      await db
        .insertInto('access_assignments')
        .values({
          id: `${id}/${one}`,
          scope: EVERY_SCOPE,
          account_id: id,
          role: one,
          origin: 'local',
          by_name: 'upgrade',
          created,
        })
        .execute()
    }
  }
  await db.deleteFrom('access_sessions').execute()
}
