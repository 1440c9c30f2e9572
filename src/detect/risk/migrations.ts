import type { Migration } from '../../platform/state/migrate.ts'

/** The pipeline asks across scopes: the indexes that begin with the scope do not serve it. */
export const riskMigrations: readonly Migration[] = [
  {
    name: '0146-detect-risk-indexes',
    up: async (db) => {
      await db.schema.createIndex('detect_alerts_about').on('detect_alerts').columns(['entity_key', 'last_observed']).execute()
      await db.schema.createIndex('detect_alerts_judged').on('detect_alerts').columns(['rule_id', 'judged']).execute()
    },
  },
]
