import type { Selectable, Updateable } from 'kysely'
import { EVERY_SCOPE } from '../../platform/http/route.ts'
import type { Db } from '../queries.ts'
import type { Account, AccountsTable, AssignmentsTable, TokensTable } from '../tables.ts'
import type { LinksTable } from './tables.ts'

/** Everybody, or those whom a scope concerns: made there, or with a role there or everywhere. */
export async function accountsSeenFrom(db: Db, scope: string | undefined): Promise<Account[]> {
  let query = db.selectFrom('access_accounts').selectAll().orderBy('name')
  if (scope !== undefined) {
    const here = db.selectFrom('access_assignments').select('account_id').where('scope', 'in', [scope, EVERY_SCOPE])
    query = query.where((e) => e.or([e('scope', '=', scope), e('id', 'in', here)]))
  }
  return await query.execute()
}

/** What each account holds, ended ones too. */
export async function everyAssignment(db: Db): Promise<ReadonlyMap<string, readonly Selectable<AssignmentsTable>[]>> {
  const rows = await db.selectFrom('access_assignments').selectAll().orderBy('role').orderBy('scope').execute()
  return Map.groupBy(rows, ({ account_id }) => account_id)
}

export async function updateAccount(db: Db, id: string, changed: Updateable<AccountsTable>): Promise<void> {
  await db.updateTable('access_accounts').set(changed).where('id', '=', id).execute()
}

/** Active people who may administer everything; the emergency account is none of them. */
export async function countAdministrators(db: Db): Promise<number> {
  const row = await db
    .selectFrom('access_assignments as r')
    .innerJoin('access_accounts as a', 'a.id', 'r.account_id')
    .select((e) => e.fn.count<number>('a.id').distinct().as('n'))
    .where('r.role', '=', 'administrator')
    .where('r.scope', '=', EVERY_SCOPE)
    .where('a.active', '=', 1)
    .where('a.break_glass', '=', 0)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

/** Tokens for shippers that an account made: they outlive it, and are to be rotated. */
export async function ingestTokensOf(db: Db, owner: string): Promise<Selectable<TokensTable>[]> {
  return await db
    .selectFrom('access_tokens')
    .selectAll()
    .where('owner', '=', owner)
    .where('grants', '=', 'ingest')
    .orderBy('name')
    .execute()
}

// ── One-time links ──

/** A new link ends those before it. */
export async function replaceLink(db: Db, row: LinksTable): Promise<void> {
  await deleteLinks(db, row.account_id)
  await db.insertInto('access_links').values(row).execute()
}

export async function findLink(db: Db, hash: string, now: number): Promise<LinksTable | undefined> {
  return await db.selectFrom('access_links').selectAll().where('hash', '=', hash).where('expires', '>', now).executeTakeFirst()
}

/** Uses a link up. @returns whether it was still there: of two at once only one gets it. */
export async function spendLink(db: Db, hash: string): Promise<boolean> {
  const done = await db.deleteFrom('access_links').where('hash', '=', hash).executeTakeFirst()
  return Number(done.numDeletedRows) > 0
}

export async function deleteLinks(db: Db, account: string): Promise<void> {
  await db.deleteFrom('access_links').where('account_id', '=', account).execute()
}

/** Until when each account's link works. */
export async function linksUntil(db: Db, now: number): Promise<ReadonlyMap<string, number>> {
  const rows = await db.selectFrom('access_links').select(['account_id', 'expires']).where('expires', '>', now).execute()
  return new Map(rows.map(({ account_id, expires }) => [account_id, expires]))
}

/** People whom events may name: the emergency account is none. */
export async function knownPeople(db: Db): Promise<Pick<Account, 'name' | 'display' | 'email'>[]> {
  return await db
    .selectFrom('access_accounts')
    .select(['name', 'display', 'email'])
    .where('active', '=', 1)
    .where('break_glass', '=', 0)
    .execute()
}
