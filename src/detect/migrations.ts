import { columns } from '../platform/state/columns.ts'
import type { Migration } from '../platform/state/migrate.ts'
import { behaviourMigrations } from './behaviour/migrations.ts'
import { exceptionMigrations } from './exceptions/migrations.ts'
import { iocMigrations } from './ioc/migrations.ts'
import { notifyMigrations } from './notify/migrations.ts'
import { quarantineMigrations } from './quarantine/migrations.ts'
import { riskMigrations } from './risk/migrations.ts'
import { scenarioMigrations } from './scenarios/migrations.ts'

export const migrations: readonly Migration[] = [
  {
    name: '0001-detect-alerts',
    up: async (db) => {
      await db.schema
        .createTable('detect_alerts')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('story_id', columns.text, (c) => c.notNull())
        .addColumn('group_id', columns.text, (c) => c.notNull())
        .addColumn('rule_id', columns.text, (c) => c.notNull())
        .addColumn('rule_version', columns.text, (c) => c.notNull())
        .addColumn('title', columns.text, (c) => c.notNull())
        .addColumn('title_ja', columns.text, (c) => c.notNull())
        .addColumn('level', columns.text, (c) => c.notNull())
        .addColumn('severity', columns.integer, (c) => c.notNull())
        .addColumn('file', columns.text, (c) => c.notNull())
        .addColumn('entity_kind', columns.text, (c) => c.notNull())
        .addColumn('entity_name', columns.text, (c) => c.notNull())
        .addColumn('entity_key', columns.text, (c) => c.notNull())
        .addColumn('techniques', columns.json, (c) => c.notNull())
        .addColumn('tactics', columns.json, (c) => c.notNull())
        .addColumn('count', columns.count, (c) => c.notNull())
        .addColumn('event_count', columns.count, (c) => c.notNull())
        .addColumn('first_observed', columns.time, (c) => c.notNull())
        .addColumn('last_observed', columns.time, (c) => c.notNull())
        .addColumn('received', columns.time, (c) => c.notNull())
        .addColumn('raised', columns.time, (c) => c.notNull())
        .addColumn('updated', columns.time, (c) => c.notNull())
        .addColumn('state', columns.text, (c) => c.notNull())
        .addColumn('verdict', columns.text)
        .addColumn('judged', columns.time)
        .addColumn('acknowledged', columns.time)
        .addColumn('assignee', columns.text)
        .addColumn('note', columns.text, (c) => c.notNull())
        .addColumn('search', columns.text, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addColumn('detail', columns.json, (c) => c.notNull())
        .execute()
      for (const [name, fields] of [
        ['queue', ['scope', 'state', 'severity', 'raised']],
        ['story', ['scope', 'story_id']],
        ['group', ['group_id', 'state']],
        ['entity', ['scope', 'entity_key', 'last_observed']],
        ['raised', ['scope', 'raised']],
        ['rule', ['scope', 'rule_id', 'raised']],
      ] as const) {
        await db.schema
          .createIndex(`detect_alerts_${name}`)
          .on('detect_alerts')
          .columns([...fields])
          .execute()
      }
      await db.schema
        .createTable('detect_seen')
        .addColumn('key', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('alert_id', columns.text, (c) => c.notNull())
        .addColumn('received', columns.time, (c) => c.notNull())
        .execute()
      await db.schema.createIndex('detect_seen_received').on('detect_seen').column('received').execute()
      await db.schema
        .createTable('detect_proofs')
        .addColumn('alert_id', columns.text, (c) => c.notNull())
        .addColumn('technique', columns.text, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('raised', columns.time, (c) => c.notNull())
        .addColumn('last', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('detect_proofs_key', ['alert_id', 'technique'])
        .execute()
      await db.schema.createIndex('detect_proofs_technique').on('detect_proofs').columns(['scope', 'technique', 'last']).execute()
      await db.schema
        .createTable('detect_history')
        .addColumn('alert_id', columns.text, (c) => c.notNull())
        .addColumn('number', columns.integer, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('by_id', columns.text, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('action', columns.text, (c) => c.notNull())
        .addColumn('verdict', columns.text)
        .addColumn('assignee', columns.text)
        .addColumn('note', columns.text, (c) => c.notNull())
        .addColumn('before', columns.json, (c) => c.notNull())
        .addColumn('undone', columns.flag, (c) => c.notNull())
        .addPrimaryKeyConstraint('detect_history_key', ['alert_id', 'number'])
        .execute()
    },
  },
  ...quarantineMigrations,
  ...behaviourMigrations,
  ...scenarioMigrations,
  ...exceptionMigrations,
  ...notifyMigrations,
  ...riskMigrations,
  ...iocMigrations,
  {
    // Rows are kilobytes wide: the queue, its totals and the counts are answered from indexes alone, and the gravest of a
    // story is found by the story (an index of state and severity had SQLite read every closed alert for each story).
    name: '0147-detect-queue-indexes',
    up: async (db) => {
      await db.schema.dropIndex('detect_alerts_story').execute()
      await db.schema
        .createIndex('detect_alerts_story')
        .on('detect_alerts')
        .columns(['scope', 'story_id', 'severity', 'raised', 'count'])
        .execute()
      await db.schema
        .createIndex('detect_alerts_listed')
        .on('detect_alerts')
        .columns(['scope', 'state', 'story_id', 'severity', 'first_observed', 'raised', 'count'])
        .execute()
      await db.schema.createIndex('detect_alerts_closed').on('detect_alerts').columns(['scope', 'state', 'judged']).execute()
      await db.schema.createIndex('detect_alerts_grave').on('detect_alerts').columns(['state', 'raised']).execute()
    },
  },
]
