import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const behaviourMigrations: readonly Migration[] = [
  {
    name: '0110-detect-behaviour',
    up: async (db) => {
      await db.schema
        .createTable('detect_behaviour')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('last_seen', columns.time, (c) => c.notNull())
        .addColumn('score', columns.number, (c) => c.notNull())
        .addColumn('score_at', columns.time, (c) => c.notNull())
        .addColumn('profile', columns.json, (c) => c.notNull())
        .addPrimaryKeyConstraint('detect_behaviour_key', ['scope', 'kind', 'name'])
        .execute()
      await db.schema.createIndex('detect_behaviour_odd').on('detect_behaviour').columns(['scope', 'score_at']).execute()
      await db.schema
        .createTable('detect_behaviour_pools')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('pool', columns.json, (c) => c.notNull())
        .addPrimaryKeyConstraint('detect_behaviour_pools_key', ['scope', 'kind'])
        .execute()
      await db.schema
        .createTable('detect_behaviour_state')
        .addColumn('writer', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('sequence', columns.count, (c) => c.notNull())
        .addColumn('entities', columns.count, (c) => c.notNull())
        .addColumn('evicted', columns.count, (c) => c.notNull())
        .addColumn('forgotten', columns.count, (c) => c.notNull())
        .addColumn('late', columns.count, (c) => c.notNull())
        .execute()
    },
  },
]
