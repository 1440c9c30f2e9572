import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const migrations: readonly Migration[] = [
  {
    name: '0001-pipeline-checkpoints',
    up: async (db) => {
      await db.schema
        .createTable('pipeline_batches')
        .addColumn('writer', columns.text, (c) => c.notNull())
        .addColumn('sequence', columns.count, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('received', columns.time, (c) => c.notNull())
        .addColumn('events', columns.count, (c) => c.notNull())
        .addColumn('root', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('pipeline_batches_pk', ['writer', 'sequence'])
        .execute()
      await db.schema.createIndex('pipeline_batches_received').on('pipeline_batches').column('received').execute()
      await db.schema
        .createTable('pipeline_checkpoints')
        .addColumn('writer', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('sequence', columns.count, (c) => c.notNull())
        .addColumn('received', columns.time, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('pipeline_segments')
        .addColumn('hour', columns.time, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('file', columns.text, (c) => c.notNull())
        .addColumn('sha256', columns.text, (c) => c.notNull())
        .addColumn('events', columns.count, (c) => c.notNull())
        .addColumn('sealed', columns.time, (c) => c.notNull())
        .execute()
    },
  },
  {
    name: '0066-pipeline-retention',
    up: async (db) => {
      const add = (column: string, type: 'text' | 'bigint' | 'integer', fallback?: string | number) =>
        db.schema
          .alterTable('pipeline_segments')
          .addColumn(column, type, (c) => (fallback === undefined ? c : c.notNull().defaultTo(fallback)))
          .execute()
      await add('bytes', columns.count, 0)
      await add('revision', columns.count, 0)
      await add('superseded', columns.text)
      await add('dropped', columns.time)
      await add('policy', columns.text)
      await add('gone', columns.flag, 0)
      await add('swept', columns.text, '')
    },
  },
  {
    name: '0068-pipeline-lost',
    up: async (db) => {
      await db.schema
        .alterTable('pipeline_batches')
        .addColumn('lost', columns.count, (c) => c.notNull().defaultTo(0))
        .execute()
    },
  },
]
