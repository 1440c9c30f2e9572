import type { PositionStore } from '../../kernel/plugin.ts'
import type { State } from './state.ts'
import type { StateTables } from './tables.ts'

/** Small facts about this installation, as text. `set` resolves once the text is durable. */
export interface KeyValues {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  delete(key: string): Promise<void>
}

export function settingsOf(state: State): KeyValues {
  return keyValues(state, 'settings')
}

/** Where sources keep how far they have read. */
export function positionsOf(state: State): PositionStore {
  return keyValues(state, 'positions')
}

function keyValues(state: State, table: 'settings' | 'positions'): KeyValues {
  const db = state.tables<StateTables>()
  return {
    async get(key) {
      const row = await db.selectFrom(table).select('value').where('key', '=', key).executeTakeFirst()
      return row?.value
    },
    async set(key, value) {
      await db
        .insertInto(table)
        .values({ key, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute()
    },
    async delete(key) {
      await db.deleteFrom(table).where('key', '=', key).execute()
    },
  }
}
