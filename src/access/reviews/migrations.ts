import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const reviewMigrations: readonly Migration[] = [
  {
    name: '0041-access-reviews',
    up: async (db) => {
      await db.schema
        .createTable('access_reviews')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('origin', columns.text, (c) => c.notNull())
        .addColumn('opened', columns.time, (c) => c.notNull())
        .addColumn('opened_by', columns.text)
        .addColumn('due', columns.time, (c) => c.notNull())
        .addColumn('finished', columns.time)
        .addColumn('hash', columns.text)
        .execute()
      await db.schema.createIndex('access_reviews_scope').on('access_reviews').columns(['scope', 'opened']).execute()
      await db.schema
        .createTable('access_review_items')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('review_id', columns.text, (c) => c.notNull().references('access_reviews.id').onDelete('cascade'))
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('subject', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('account', columns.text)
        .addColumn('owner', columns.text)
        .addColumn('may', columns.text, (c) => c.notNull())
        .addColumn('holds', columns.text, (c) => c.notNull())
        .addColumn('origin', columns.text, (c) => c.notNull())
        .addColumn('last_used', columns.time)
        .addColumn('since', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time)
        .addColumn('decision', columns.text)
        .addColumn('role', columns.text)
        .addColumn('note', columns.text, (c) => c.notNull())
        .addColumn('by_id', columns.text)
        .addColumn('by_name', columns.text)
        .addColumn('at', columns.time)
        .execute()
      await db.schema
        .createIndex('access_review_items_order')
        .on('access_review_items')
        .columns(['review_id', 'kind', 'name', 'id'])
        .execute()
    },
  },
]
