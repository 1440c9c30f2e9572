import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const scenarioMigrations: readonly Migration[] = [
  {
    name: '0120-detect-scenario-runs',
    up: async (db) => {
      await db.schema
        .createTable('detect_scenario_runs')
        .addColumn('run_id', columns.text, (c) => c.notNull())
        .addColumn('scenario', columns.text, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('result', columns.text, (c) => c.notNull())
        .addColumn('sha256', columns.text, (c) => c.notNull())
        .addColumn('techniques', columns.json, (c) => c.notNull())
        .addColumn('detail', columns.json, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('detect_scenario_runs_key', ['run_id', 'scenario'])
        .execute()
      await db.schema
        .createIndex('detect_scenario_runs_last')
        .on('detect_scenario_runs')
        .columns(['scope', 'scenario', 'at'])
        .execute()
    },
  },
]
