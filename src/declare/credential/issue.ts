import { isWorn } from '../../kernel/measure.ts'
import type { Evaluation } from '../evaluate.ts'
import type { Db } from '../queries.ts'
import type { CardsTable } from '../tables.ts'

/**
 * Keeps the credentials of a card in step with its badge, in the transaction that judges it: one that is good while the
 * badge is up with this version, and none otherwise. A number is never used again, so that what was revoked stays so.
 */
export async function settleCredentials(
  db: Db,
  row: CardsTable,
  { state, since }: Pick<Evaluation, 'state' | 'since'>,
  hash: string,
  now: number,
): Promise<void> {
  const worn = isWorn(state)
  const open = await db
    .selectFrom('declare_credentials')
    .select(['number', 'hash'])
    .where('card_id', '=', row.id)
    .where('ended', 'is', null)
    .execute()
  const good = worn ? open.find((one) => one.hash === hash) : undefined
  for (const { number } of open)
    if (number !== good?.number)
      await db.updateTable('declare_credentials').set({ ended: now }).where('number', '=', number).execute()
  if (!worn || good !== undefined) return
  const last = await db
    .selectFrom('declare_credentials')
    .select((e) => e.fn.max('number').as('number'))
    .executeTakeFirst()
  const number = last?.number == null ? 0 : Number(last.number) + 1
  await db
    .insertInto('declare_credentials')
    .values({ number, card_id: row.id, scope: row.scope, hash, since, ended: null })
    .execute()
}
