import { columns } from '../platform/state/columns.ts'
import type { Migration } from '../platform/state/migrate.ts'
import { auditMigrations } from './audit/migrations.ts'

export const proveMigrations: readonly Migration[] = [
  {
    name: '0001-prove-ledger-index',
    async up(db) {
      await db.schema
        .createTable('prove_entries')
        .addColumn('idx', columns.count, (column) => column.primaryKey())
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addColumn('type', columns.text, (column) => column.notNull())
        .addColumn('outbox', columns.count, (column) => column.notNull())
        .addColumn('observed', columns.time, (column) => column.notNull())
        .addColumn('received', columns.time, (column) => column.notNull())
        .addColumn('logged', columns.time, (column) => column.notNull())
        .execute()
      await db.schema.createIndex('prove_entries_type').on('prove_entries').columns(['scope', 'type', 'idx']).execute()
      await db.schema.createIndex('prove_entries_logged').on('prove_entries').columns(['scope', 'logged']).execute()
      await db.schema.createIndex('prove_entries_outbox').on('prove_entries').columns(['outbox']).execute()
      await db.schema
        .createTable('prove_subjects')
        .addColumn('kind', columns.text, (column) => column.notNull())
        .addColumn('id', columns.text, (column) => column.notNull())
        .addColumn('idx', columns.count, (column) => column.notNull())
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addPrimaryKeyConstraint('prove_subjects_key', ['id', 'kind', 'scope', 'idx'])
        .execute()
      await db.schema.createIndex('prove_subjects_entry').on('prove_subjects').columns(['idx']).execute()
      await db.schema
        .createTable('prove_growth')
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addColumn('day', columns.count, (column) => column.notNull())
        .addColumn('type', columns.text, (column) => column.notNull())
        .addColumn('entries', columns.count, (column) => column.notNull())
        .addPrimaryKeyConstraint('prove_growth_key', ['scope', 'day', 'type'])
        .execute()
    },
  },
  ...auditMigrations,
  {
    name: '0066-prove-erased',
    async up(db) {
      await db.schema
        .createTable('prove_erased')
        .addColumn('writer', columns.text, (column) => column.notNull())
        .addColumn('sequence', columns.count, (column) => column.notNull())
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addColumn('events', columns.count, (column) => column.notNull())
        .addColumn('nodes', columns.json, (column) => column.notNull())
        .addPrimaryKeyConstraint('prove_erased_key', ['writer', 'sequence'])
        .execute()
    },
  },
  {
    name: '0160-prove-watched',
    async up(db) {
      await db.schema
        .createTable('prove_watched')
        .addColumn('origin', columns.text, (column) => column.primaryKey())
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addColumn('size', columns.count, (column) => column.notNull())
        .addColumn('root', columns.text, (column) => column.notNull())
        .addColumn('checkpoint', columns.text, (column) => column.notNull())
        .addColumn('at', columns.time, (column) => column.notNull())
        .execute()
    },
  },
  {
    name: '0200-prove-watched-keys',
    async up(db) {
      await db.schema
        .createTable('prove_watched_keys')
        .addColumn('former', columns.text, (column) => column.primaryKey())
        .addColumn('origin', columns.text, (column) => column.notNull())
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addColumn('key', columns.text, (column) => column.notNull())
        .addColumn('at', columns.time, (column) => column.notNull())
        .execute()
    },
  },
  {
    name: '0201-prove-artefacts',
    async up(db) {
      await db.schema
        .createTable('prove_artefacts')
        .addColumn('id', columns.text, (column) => column.primaryKey())
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addColumn('outbox', columns.count, (column) => column.notNull())
        .addColumn('kind', columns.text, (column) => column.notNull())
        .addColumn('name', columns.text, (column) => column.notNull())
        .addColumn('sha256', columns.text, (column) => column.notNull())
        .addColumn('bytes', columns.count, (column) => column.notNull())
        .addColumn('source', columns.text, (column) => column.notNull())
        .addColumn('note', columns.text)
        .addColumn('alert', columns.text)
        .addColumn('by_id', columns.text, (column) => column.notNull())
        .addColumn('by_name', columns.text, (column) => column.notNull())
        .addColumn('observed', columns.time, (column) => column.notNull())
        .addColumn('received', columns.time, (column) => column.notNull())
        .addColumn('keep_until', columns.time)
        .addColumn('valid_until', columns.time)
        .addColumn('hold_at', columns.time)
        .addColumn('hold_by', columns.text)
        .addColumn('hold_for', columns.text)
        .addColumn('scan', columns.json, (column) => column.notNull())
        .addColumn('removed_at', columns.time)
        .addColumn('removed_for', columns.text)
        .execute()
      await db.schema.createIndex('prove_artefacts_newest').on('prove_artefacts').columns(['scope', 'outbox']).execute()
      await db.schema.createIndex('prove_artefacts_content').on('prove_artefacts').columns(['sha256']).execute()
      await db.schema.createIndex('prove_artefacts_alert').on('prove_artefacts').columns(['scope', 'alert']).execute()
      await db.schema
        .createTable('prove_contents')
        .addColumn('sha256', columns.text, (column) => column.primaryKey())
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addColumn('bytes', columns.count, (column) => column.notNull())
        .addColumn('stored', columns.text, (column) => column.notNull())
        .addColumn('sealed_key', columns.text)
        .addColumn('at', columns.time, (column) => column.notNull())
        .execute()
    },
  },
]
