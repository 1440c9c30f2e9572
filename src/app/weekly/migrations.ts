import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const weeklyMigrations: readonly Migration[] = [
  {
    name: '0215-weekly-review',
    async up(db) {
      await db.schema
        .createTable('app_reviews')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('week', columns.text, (c) => c.notNull())
        .addColumn('held', columns.time, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('note', columns.text, (c) => c.notNull())
        .addColumn('view', columns.text, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('app_reviews_key', ['scope', 'week'])
        .execute()
      await db.schema
        .createTable('app_review_decisions')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('week', columns.text, (c) => c.notNull())
        .addColumn('item', columns.text, (c) => c.notNull())
        .addColumn('title', columns.text, (c) => c.notNull())
        .addColumn('choice', columns.text, (c) => c.notNull())
        .addColumn('note', columns.text, (c) => c.notNull())
        .addColumn('owner', columns.text, (c) => c.notNull())
        .addColumn('due', columns.text)
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('app_review_decisions_key', ['scope', 'week', 'item'])
        .execute()
      await db.schema
        .createTable('app_review_mail')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('account', columns.text, (c) => c.notNull())
        .addColumn('enabled', columns.count, (c) => c.notNull())
        .addColumn('email', columns.text, (c) => c.notNull())
        .addColumn('weekday', columns.count, (c) => c.notNull())
        .addColumn('hour', columns.count, (c) => c.notNull())
        .addColumn('language', columns.text, (c) => c.notNull())
        .addColumn('week', columns.text)
        .addColumn('sent', columns.time)
        .addColumn('error', columns.text)
        .addColumn('next', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('app_review_mail_key', ['scope', 'account'])
        .execute()
    },
  },
]
