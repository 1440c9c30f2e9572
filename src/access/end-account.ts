import { KanpekiError } from '../kernel/error.ts'
import type { Db } from './queries.ts'

/** What went with an account, for the ledger. */
export interface EndedAccount {
  /** How many were live. */
  readonly sessions: number
  /** Ids of the tokens that ended. */
  readonly tokens: readonly string[]
}

/**
 * Ends an account: nobody signs in to it, its sessions and its tokens are gone. Ingest tokens stay, since shippers
 * would lose data: they are listed for rotation. What it did stays told by its name. Call it inside `record`.
 * A token that a running server has just used may work for two seconds more (authenticate.ts).
 */
export async function endAccount(db: Db, accountId: string, now: number): Promise<EndedAccount> {
  const done = await db.updateTable('access_accounts').set({ active: 0 }).where('id', '=', accountId).executeTakeFirst()
  if (Number(done.numUpdatedRows) === 0) throw new KanpekiError('not_found', 'There is no such account.')
  // Only whoever ended an account resumes it: SCIM marks those that it ends, after this.
  await db.updateTable('access_scim_users').set({ ended_by_client: 0 }).where('account_id', '=', accountId).execute()
  const sessions = await db.deleteFrom('access_sessions').where('account_id', '=', accountId).returning('expires').execute()
  const owned = await db
    .selectFrom('access_tokens')
    .select('id')
    .where('owner', '=', accountId)
    .where('grants', '!=', 'ingest')
    .orderBy('id')
    .execute()
  const tokens = owned.map(({ id }) => id)
  if (tokens.length > 0) await db.deleteFrom('access_tokens').where('id', 'in', tokens).execute()
  return { sessions: sessions.filter(({ expires }) => expires > now).length, tokens }
}
