import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'
import { alter } from '../alter.ts'

export const machineMigrations: readonly Migration[] = [
  {
    name: '0030-access-machines',
    up: async (db) => {
      await db.schema
        .createTable('access_ca')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('certificate', columns.text, (c) => c.notNull())
        .addColumn('key', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('trusted_until', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_enrolments')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('hash', columns.text, (c) => c.notNull().unique())
        .addColumn('uses_left', columns.count, (c) => c.notNull())
        .addColumn('uses', columns.count, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('access_agents')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('enrolment_id', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('last_seen', columns.time)
        .addColumn('revoked', columns.time)
        .execute()
      await db.schema
        .createTable('access_certificates')
        .addColumn('fingerprint', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('agent_id', columns.text, (c) => c.notNull().references('access_agents.id'))
        .addColumn('ca_id', columns.text, (c) => c.notNull().references('access_ca.id'))
        .addColumn('serial', columns.text, (c) => c.notNull().unique())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .addColumn('revoked', columns.time)
        .execute()
      await db.schema.createIndex('access_certificates_agent').on('access_certificates').column('agent_id').execute()
    },
  },
  {
    name: '0031-access-token-sources',
    up: async (db) => {
      await alter(db, 'access_tokens', [
        ['source', columns.text],
        ['old_hash', columns.text],
        ['old_until', columns.time],
      ])
      await db.schema.createIndex('access_tokens_old_hash').on('access_tokens').column('old_hash').execute()
    },
  },
]
