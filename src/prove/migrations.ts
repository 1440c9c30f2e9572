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
]
