import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const exercisesMigrations: readonly Migration[] = [
  {
    name: '0301-respond-exercises',
    async up(db) {
      const { schema } = db
      await schema
        .createTable('respond_exercises')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('script', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('title_en', columns.text, (c) => c.notNull())
        .addColumn('title_ja', columns.text, (c) => c.notNull())
        .addColumn('state', columns.text, (c) => c.notNull())
        .addColumn('started', columns.time, (c) => c.notNull())
        .addColumn('ended', columns.time)
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('participants', columns.json, (c) => c.notNull())
        .addColumn('incident_id', columns.text)
        .addColumn('report', columns.json)
        .addColumn('sha256', columns.text)
        .addColumn('outbox', columns.count)
        .execute()
      await schema.createIndex('respond_exercises_scope').on('respond_exercises').columns(['scope', 'started']).execute()
      await schema
        .createTable('respond_exercise_injects')
        .addColumn('exercise_id', columns.text, (c) => c.notNull())
        .addColumn('number', columns.integer, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('shown', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('respond_exercise_injects_key', ['exercise_id', 'number'])
        .execute()
      await schema
        .createTable('respond_exercise_answers')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('exercise_id', columns.text, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('inject', columns.integer, (c) => c.notNull())
        .addColumn('question', columns.integer, (c) => c.notNull())
        .addColumn('text', columns.text, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .execute()
      await schema
        .createIndex('respond_exercise_answers_exercise')
        .on('respond_exercise_answers')
        .columns(['exercise_id', 'at'])
        .execute()
    },
  },
]
