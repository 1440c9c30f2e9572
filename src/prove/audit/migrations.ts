import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

/** The rows of entries logged before come from the ledger at the next start (reconcile.ts): a migration cannot read files. */
export const auditMigrations: readonly Migration[] = [
  {
    name: '0040-prove-audit',
    async up(db) {
      await db.schema
        .createTable('prove_audit')
        .addColumn('idx', columns.count, (column) => column.primaryKey())
        .addColumn('scope', columns.text, (column) => column.notNull())
        .addColumn('type', columns.text, (column) => column.notNull())
        .addColumn('action', columns.text, (column) => column.notNull())
        .addColumn('actor', columns.text, (column) => column.notNull())
        .addColumn('actor_name', columns.text, (column) => column.notNull())
        .addColumn('observed', columns.time, (column) => column.notNull())
        .execute()
      for (const column of ['type', 'action', 'actor', 'actor_name'] as const) {
        await db.schema.createIndex(`prove_audit_${column}`).on('prove_audit').columns(['scope', column, 'idx']).execute()
      }
      await db.schema.createIndex('prove_audit_order').on('prove_audit').columns(['scope', 'idx']).execute()
    },
  },
]
