import { columns } from '../platform/state/columns.ts'
import type { Migration } from '../platform/state/migrate.ts'

export const migrations: readonly Migration[] = [
  {
    name: '0241-protect-tuning',
    up: async (db) => {
      await db.schema
        .createTable('protect_exclusions')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('rule', columns.count, (c) => c.notNull())
        .addColumn('path', columns.text, (c) => c.notNull())
        .addColumn('variable', columns.text)
        .addColumn('reason', columns.text, (c) => c.notNull())
        .addColumn('owner', columns.text, (c) => c.notNull())
        .addColumn('author_account', columns.text)
        .addColumn('author_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .addColumn('ended', columns.time)
        .addColumn('ended_name', columns.text)
        .addColumn('reference', columns.text)
        .addColumn('preview', columns.json, (c) => c.notNull())
        .execute()
      await db.schema.createIndex('protect_exclusions_scope').on('protect_exclusions').columns(['scope', 'expires']).execute()
      await db.schema
        .createTable('protect_applications')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('hosts', columns.json, (c) => c.notNull())
        .addColumn('owner', columns.text, (c) => c.notNull())
        .addColumn('author_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('protect_applications_key', ['scope', 'name'])
        .execute()
      await db.schema
        .createTable('protect_verdicts')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('reference', columns.text, (c) => c.notNull())
        .addColumn('verdict', columns.text, (c) => c.notNull())
        .addColumn('rule', columns.count)
        .addColumn('author_name', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('protect_verdicts_key', ['scope', 'reference'])
        .execute()
    },
  },
]
