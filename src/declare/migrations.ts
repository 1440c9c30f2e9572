import { columns } from '../platform/state/columns.ts'
import type { Migration } from '../platform/state/migrate.ts'

export const migrations: readonly Migration[] = [
  {
    name: '0001-declare-cards',
    up: async (db) => {
      await db.schema
        .createTable('declare_cards')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('hash', columns.text, (c) => c.notNull())
        .addColumn('in_force_since', columns.time, (c) => c.notNull())
        .addColumn('file_hash', columns.text)
        .addColumn('missing_since', columns.time)
        .addColumn('state', columns.text, (c) => c.notNull())
        .addColumn('since', columns.time, (c) => c.notNull())
        .addColumn('reasons', columns.json, (c) => c.notNull())
        .addColumn('earned_at', columns.time)
        .addColumn('held_hash', columns.text)
        .addColumn('withdrawn_at', columns.time)
        .addColumn('all_met_since', columns.time)
        .addColumn('evaluated_at', columns.time)
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('declare_versions')
        .addColumn('card_id', columns.text, (c) => c.notNull())
        .addColumn('hash', columns.text, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('version', columns.text, (c) => c.notNull())
        .addColumn('text', columns.text, (c) => c.notNull())
        .addColumn('document', columns.json, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('state', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('declare_versions_key', ['card_id', 'hash'])
        .execute()
      await db.schema
        .createTable('declare_signatures')
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('card_id', columns.text, (c) => c.notNull())
        .addColumn('hash', columns.text, (c) => c.notNull())
        .addColumn('signer_id', columns.text, (c) => c.notNull())
        .addColumn('signer_name', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .execute()
      await db.schema.createIndex('declare_signatures_card').on('declare_signatures').columns(['card_id', 'hash']).execute()
      await db.schema
        .createTable('declare_objectives')
        .addColumn('card_id', columns.text, (c) => c.notNull())
        .addColumn('objective', columns.text, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('spec', columns.text, (c) => c.notNull())
        .addColumn('not_met_since', columns.time)
        .addColumn('unproven_since', columns.time)
        .addColumn('value', columns.number)
        .addColumn('good', columns.count, (c) => c.notNull())
        .addColumn('bad', columns.count, (c) => c.notNull())
        .addColumn('unknown', columns.count, (c) => c.notNull())
        .addColumn('detail', columns.json, (c) => c.notNull())
        .addColumn('missing', columns.json)
        .addColumn('measured_at', columns.time, (c) => c.notNull())
        .addColumn('as_of', columns.time, (c) => c.notNull())
        .addColumn('recorded_at', columns.time, (c) => c.notNull())
        .addColumn('recorded_value', columns.number)
        .addColumn('recorded_state', columns.text, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('declare_objectives_key', ['card_id', 'objective'])
        .execute()
      await db.schema
        .createTable('declare_readings')
        .addColumn('card_id', columns.text, (c) => c.notNull())
        .addColumn('objective', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('value', columns.number)
        .addColumn('state', columns.text, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('declare_readings_key', ['card_id', 'objective', 'at'])
        .execute()
      await db.schema
        .createTable('declare_badges')
        .addColumn('card_id', columns.text, (c) => c.notNull())
        .addColumn('number', columns.integer, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('from_state', columns.text)
        .addColumn('to_state', columns.text, (c) => c.notNull())
        .addColumn('reasons', columns.json, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('declare_badges_key', ['card_id', 'number'])
        .execute()
    },
  },
  {
    name: '0040-declare-author',
    up: async (db) => {
      await db.schema.alterTable('declare_versions').addColumn('by_id', columns.text).execute()
    },
  },
  {
    name: '0170-declare-series',
    up: async (db) => {
      await db.schema
        .createTable('declare_series')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.notNull())
        .addColumn('unit', columns.text, (c) => c.notNull())
        .addColumn('title_en', columns.text, (c) => c.notNull())
        .addColumn('title_ja', columns.text, (c) => c.notNull())
        .addColumn('definition', columns.text, (c) => c.notNull())
        .addColumn('pull', columns.json)
        .addColumn('secret', columns.text)
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('asked_at', columns.time)
        .addColumn('failing_since', columns.time)
        .addColumn('fault', columns.text)
        .addPrimaryKeyConstraint('declare_series_key', ['scope', 'id'])
        .execute()
      await db.schema
        .createTable('declare_samples')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('series', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('received', columns.time, (c) => c.notNull())
        .addColumn('value', columns.number, (c) => c.notNull())
        .addColumn('good', columns.count, (c) => c.notNull())
        .addColumn('bad', columns.count, (c) => c.notNull())
        .addColumn('unknown', columns.count, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('declare_samples_key', ['scope', 'series', 'at'])
        .execute()
    },
  },
  {
    name: '0172-declare-credentials',
    up: async (db) => {
      await db.schema
        .createTable('declare_credentials')
        .addColumn('number', columns.count, (c) => c.primaryKey())
        .addColumn('card_id', columns.text, (c) => c.notNull())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('hash', columns.text, (c) => c.notNull())
        .addColumn('since', columns.time, (c) => c.notNull())
        .addColumn('ended', columns.time)
        .execute()
      await db.schema.createIndex('declare_credentials_card').on('declare_credentials').columns(['card_id', 'ended']).execute()
    },
  },
  {
    name: '0220-declare-required',
    up: async (db) => {
      await db.schema.alterTable('declare_cards').addColumn('required', columns.integer).execute()
    },
  },
]
