import type { Kysely } from 'kysely'
import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'
import { alter } from '../alter.ts'

/** No release before this could make an asset: there are no rows to fill. */
export const assetMigrations: readonly Migration[] = [
  {
    name: '0040-access-assets',
    up: async (db: Kysely<never>) => {
      await alter(db, 'assets', [
        ['home', columns.text, (c) => c.notNull().defaultTo('default')],
        ['name', columns.text, (c) => c.notNull().defaultTo('')],
        ['search', columns.text, (c) => c.notNull().defaultTo('')],
      ])
      await db.schema.createIndex('assets_name').on('assets').columns(['scope', 'name', 'id']).execute()
      await db.schema.createIndex('assets_home').on('assets').columns(['home', 'scope']).execute()
    },
  },
]
