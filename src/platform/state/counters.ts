import type { Kysely } from 'kysely'
import type { StateTables } from './tables.ts'

/**
 * Takes `count` consecutive numbers, 1 first, and returns the last. Inside a transaction numbers follow the order of
 * commits and leave no gap when one rolls back (PostgreSQL's own sequences do), since the row stays locked until then.
 */
export async function takeNumbers(trx: Kysely<StateTables>, name: string, count: number): Promise<number> {
  const row = await trx
    .insertInto('counters')
    .values({ name, value: count })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((eb) => ({ value: eb('counters.value', '+', eb.ref('excluded.value')) })),
    )
    .returning('value')
    .executeTakeFirstOrThrow()
  return row.value
}
