import { type Kysely, sql } from 'kysely'
import { columns } from '../platform/state/columns.ts'
import type { Migration } from '../platform/state/migrate.ts'

export const migrations: readonly Migration[] = [
  {
    name: '0261-assess-inventory',
    up: async (db: Kysely<never>) => {
      await db.schema
        .createTable('assess_inventories')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('format', columns.text, (c) => c.notNull())
        .addColumn('sha256', columns.text, (c) => c.notNull())
        .addColumn('components', columns.count, (c) => c.notNull())
        .addColumn('unjudged', columns.count, (c) => c.notNull())
        .addColumn('received', columns.time, (c) => c.notNull())
        .addColumn('judged_at', columns.time, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_inventories_key', ['scope', 'asset', 'source'])
        .execute()
      await db.schema
        .createTable('assess_components')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('number', columns.count, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('folded', columns.text, (c) => c.notNull())
        .addColumn('version', columns.text)
        .addColumn('purl', columns.text)
        .addColumn('place', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_components_key', ['scope', 'asset', 'source', 'number'])
        .execute()
      await db.schema.createIndex('assess_components_name').on('assess_components').columns(['scope', 'folded']).execute()
      await db.schema
        .createTable('assess_findings')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.notNull())
        .addColumn('package', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('version', columns.text)
        .addColumn('purl', columns.text)
        .addColumn('ids', columns.json, (c) => c.notNull())
        .addColumn('aliases', columns.json, (c) => c.notNull())
        .addColumn('fixed', columns.json, (c) => c.notNull())
        .addColumn('summary', columns.text, (c) => c.notNull())
        .addColumn('severity', columns.text)
        .addColumn('score', columns.number)
        .addColumn('vector', columns.text)
        .addColumn('exploited', columns.text)
        .addColumn('epss', columns.number)
        .addColumn('first_seen', columns.time, (c) => c.notNull())
        .addColumn('last_seen', columns.time, (c) => c.notNull())
        .addColumn('gone_at', columns.time)
        .addColumn('regressed', columns.flag, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_findings_key', ['scope', 'asset', 'source', 'id', 'package'])
        .execute()
    },
  },
  {
    name: '0262-assess-work',
    up: async (db: Kysely<never>) => {
      const findings = db.schema.alterTable('assess_findings')
      await findings.addColumn('kind', columns.text, (c) => c.notNull().defaultTo('package')).execute()
      await findings.addColumn('place', columns.text, (c) => c.notNull().defaultTo('')).execute()
      await findings.addColumn('opened_at', columns.time).execute()
      await findings.addColumn('gone_by', columns.text).execute()
      await findings.addColumn('gone_outbox', columns.count).execute()
      await findings.addColumn('in_use', columns.flag).execute()
      await db.schema.alterTable('assess_inventories').addColumn('in_use', columns.json).execute()
      await db.schema
        .createTable('assess_scans')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('kinds', columns.json, (c) => c.notNull())
        .addColumn('format', columns.text, (c) => c.notNull())
        .addColumn('sha256', columns.text, (c) => c.notNull())
        .addColumn('findings', columns.count, (c) => c.notNull())
        .addColumn('partial', columns.flag, (c) => c.notNull())
        .addColumn('received', columns.time, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_scans_key', ['scope', 'asset', 'source'])
        .execute()
      await db.schema
        .createTable('assess_work')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('package', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.notNull())
        .addColumn('owner', columns.text)
        .addColumn('due', columns.time)
        .addColumn('ticket', columns.text)
        .addColumn('note', columns.text, (c) => c.notNull())
        .addColumn('updated', columns.time, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_work_key', ['scope', 'asset', 'package', 'id'])
        .execute()
      await db.schema
        .createTable('assess_exceptions')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('asset', columns.text)
        .addColumn('title', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('statements', columns.json, (c) => c.notNull())
        .addColumn('sha256', columns.text, (c) => c.notNull())
        .addColumn('reason', columns.text, (c) => c.notNull())
        .addColumn('state', columns.text, (c) => c.notNull())
        .addColumn('author_account', columns.text)
        .addColumn('author_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .addColumn('decided_account', columns.text)
        .addColumn('decided_name', columns.text)
        .addColumn('decided', columns.time)
        .execute()
    },
  },
  {
    name: '0263-assess-names',
    up: async (db: Kysely<never>) => {
      await db.schema
        .createTable('assess_names')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('folded', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_names_key', ['scope', 'folded'])
        .execute()
      await sql`insert into assess_names (scope, folded) select distinct scope, folded from assess_components`.execute(db)
    },
  },
]
