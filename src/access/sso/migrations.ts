import type { Kysely } from 'kysely'
import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'
import type { AssignmentsTable } from '../tables.ts'

interface Moving {
  access_assignments: AssignmentsTable
  access_assignments_by_origin: AssignmentsTable
}

/** Far below the parameters that a statement may carry (SQLite 32,766), at 7 a row. */
const ROWS_A_STATEMENT = 1_000

export const ssoMigrations: readonly Migration[] = [
  {
    // One role may come from here and from a group at once: losing the one leaves the other.
    name: '0020-access-origins',
    up: async (db: Kysely<never>) => {
      await db.schema
        .createTable('access_assignments_by_origin')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('account_id', columns.text, (c) => c.notNull().references('access_accounts.id').onDelete('cascade'))
        .addColumn('role', columns.text, (c) => c.notNull())
        .addColumn('origin', columns.text, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addUniqueConstraint('access_assignments_once_an_origin', ['account_id', 'role', 'scope', 'origin'])
        .execute()
      const moving = db as unknown as Kysely<Moving>
      const rows = await moving.selectFrom('access_assignments').selectAll().execute()
      for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
        await moving
          .insertInto('access_assignments_by_origin')
          .values(rows.slice(at, at + ROWS_A_STATEMENT))
          .execute()
      }
      await db.schema.dropTable('access_assignments').execute()
      await db.schema.alterTable('access_assignments_by_origin').renameTo('access_assignments').execute()
    },
  },
  {
    name: '0021-access-sso',
    up: async (db) => {
      await db.schema
        .createTable('access_sso_providers')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('settings', columns.json, (c) => c.notNull())
        .addColumn('secret', columns.text)
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('updated', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_identities')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('provider', columns.text, (c) => c.notNull().references('access_sso_providers.id').onDelete('cascade'))
        .addColumn('subject', columns.text, (c) => c.notNull())
        .addColumn('account_id', columns.text, (c) => c.notNull().references('access_accounts.id').onDelete('cascade'))
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('last_used', columns.time)
        .addUniqueConstraint('access_identities_once', ['provider', 'subject'])
        .execute()
      await db.schema.createIndex('access_identities_of').on('access_identities').column('account_id').execute()
      await db.schema
        .createTable('access_sso_flows')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('provider', columns.text, (c) => c.notNull().references('access_sso_providers.id').onDelete('cascade'))
        .addColumn('hash', columns.text, (c) => c.notNull())
        .addColumn('to_path', columns.text, (c) => c.notNull())
        .addColumn('account_id', columns.text, (c) => c.references('access_accounts.id').onDelete('cascade'))
        .addColumn('session_id', columns.text)
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .execute()
    },
  },
]
