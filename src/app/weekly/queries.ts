import type { Kysely } from 'kysely'
import type { DecisionsTable, ReviewMailTable, ReviewsTable, WeeklyTables } from './tables.ts'

type Db = Kysely<WeeklyTables>

export async function heldReview(db: Db, scope: string, week: string): Promise<ReviewsTable | undefined> {
  return await db.selectFrom('app_reviews').selectAll().where('scope', '=', scope).where('week', '=', week).executeTakeFirst()
}

export async function heldCount(db: Db, scope: string): Promise<number> {
  const { count } = await db
    .selectFrom('app_reviews')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('scope', '=', scope)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function keepReview(trx: Db, row: ReviewsTable): Promise<void> {
  await trx.insertInto('app_reviews').values(row).execute()
}

export async function decisionsOf(db: Db, scope: string, week: string): Promise<DecisionsTable[]> {
  return await db
    .selectFrom('app_review_decisions')
    .selectAll()
    .where('scope', '=', scope)
    .where('week', '=', week)
    .orderBy('at')
    .execute()
}

/** The last word counts; each is in the ledger. */
export async function keepDecision(trx: Db, row: DecisionsTable): Promise<void> {
  const { scope: _scope, week: _week, item: _item, ...change } = row
  await trx
    .insertInto('app_review_decisions')
    .values(row)
    .onConflict((conflict) => conflict.columns(['scope', 'week', 'item']).doUpdateSet(change))
    .execute()
}

export async function mailOf(db: Db, scope: string, account: string): Promise<ReviewMailTable | undefined> {
  return await db
    .selectFrom('app_review_mail')
    .selectAll()
    .where('scope', '=', scope)
    .where('account', '=', account)
    .executeTakeFirst()
}

export async function keepMail(trx: Db, row: ReviewMailTable): Promise<void> {
  const { scope: _scope, account: _account, ...change } = row
  await trx
    .insertInto('app_review_mail')
    .values(row)
    .onConflict((conflict) => conflict.columns(['scope', 'account']).doUpdateSet(change))
    .execute()
}

/** Whoever wants the review and is not to be left alone for now. */
export async function mailsDue(db: Db, now: number): Promise<ReviewMailTable[]> {
  return await db.selectFrom('app_review_mail').selectAll().where('enabled', '=', 1).where('next', '<=', now).execute()
}

export async function markMail(
  db: Db,
  { scope, account }: Pick<ReviewMailTable, 'scope' | 'account'>,
  change: Partial<Pick<ReviewMailTable, 'week' | 'sent' | 'error' | 'next' | 'enabled'>>,
): Promise<void> {
  await db.updateTable('app_review_mail').set(change).where('scope', '=', scope).where('account', '=', account).execute()
}
