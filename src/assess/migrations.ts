import type { Kysely } from 'kysely'
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
]
