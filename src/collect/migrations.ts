import type { CreateTableBuilder } from 'kysely'
import { columns } from '../platform/state/columns.ts'
import type { Migration } from '../platform/state/migrate.ts'
import { completenessMigrations } from './completeness/migrations.ts'

const COUNTS = ['received', 'parsed', 'unknown', 'stored', 'repeated', 'dropped', 'gaps', 'bytes'] as const

export const migrations: readonly Migration[] = [
  {
    name: '0002-collect-accounts',
    async up(db) {
      let sources: CreateTableBuilder<string, string> = db.schema
        .createTable('collect_sources')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('title', columns.text, (c) => c.notNull())
        .addColumn('enabled', columns.flag, (c) => c.notNull())
        .addColumn('config', columns.json, (c) => c.notNull())
        .addColumn('zone_minutes', columns.integer, (c) => c.notNull())
        .addColumn('parsers', columns.json, (c) => c.notNull())
        .addColumn('expected_seconds', columns.integer)
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('last_event', columns.time)
        .addColumn('lag_ms', columns.time)
        .addPrimaryKeyConstraint('collect_sources_pk', ['scope', 'id'])
      let minutes: CreateTableBuilder<string, string> = db.schema
        .createTable('collect_minutes')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('minute', columns.time, (c) => c.notNull())
        .addColumn('quiet', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('collect_minutes_pk', ['scope', 'source', 'minute'])
      for (const name of COUNTS) {
        sources = sources.addColumn(name, columns.count, (c) => c.notNull())
        minutes = minutes.addColumn(name, columns.count, (c) => c.notNull())
      }
      await sources.execute()
      await minutes.execute()
      await db.schema.createIndex('collect_minutes_minute').on('collect_minutes').columns(['scope', 'minute']).execute()
    },
  },
  ...completenessMigrations,
]
