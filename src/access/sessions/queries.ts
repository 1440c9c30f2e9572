import type { Selectable } from 'kysely'
import type { Db } from '../queries.ts'
import type { SessionsTable } from '../tables.ts'

type SessionRow = Selectable<SessionsTable>

/** Sessions of an account that still work, latest used first. */
export async function sessionsOf(db: Db, account: string, now: number, idleSince: number): Promise<SessionRow[]> {
  return await db
    .selectFrom('access_sessions')
    .selectAll()
    .where('account_id', '=', account)
    .where('expires', '>', now)
    .where('last_used', '>', idleSince)
    .orderBy('last_used', 'desc')
    .execute()
}

export async function countSessions(db: Db, now: number, idleSince: number): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('access_sessions')
    .select((e) => ['account_id', e.fn.countAll<number>().as('n')])
    .where('expires', '>', now)
    .where('last_used', '>', idleSince)
    .groupBy('account_id')
    .execute()
  return new Map(rows.map(({ account_id, n }) => [account_id, Number(n)]))
}

/** @returns how many ended. */
export async function endSession(db: Db, account: string, id: string): Promise<number> {
  const done = await db.deleteFrom('access_sessions').where('account_id', '=', account).where('id', '=', id).executeTakeFirst()
  return Number(done.numDeletedRows)
}

/** Ends every session of an account, besides the one to keep. @returns how many ended. */
export async function endSessions(db: Db, account: string, keep: string | undefined): Promise<number> {
  let query = db.deleteFrom('access_sessions').where('account_id', '=', account)
  if (keep !== undefined) query = query.where('id', '!=', keep)
  return Number((await query.executeTakeFirst()).numDeletedRows)
}
