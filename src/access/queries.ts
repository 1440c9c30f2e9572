import type { Kysely } from 'kysely'
import type { AccessTables, AccountsTable, TokensTable } from './tables.ts'

export type Db = Kysely<AccessTables>

export async function countAccounts(db: Db): Promise<number> {
  const row = await db
    .selectFrom('access_accounts')
    .select((e) => e.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

export async function findAccountByName(db: Db, name: string): Promise<AccountsTable | undefined> {
  return await db.selectFrom('access_accounts').selectAll().where('name', '=', name).executeTakeFirst()
}

export async function insertAccount(db: Db, row: AccountsTable): Promise<void> {
  await db.insertInto('access_accounts').values(row).execute()
}

// ── One-time set-up links ──

export async function replaceSetup(db: Db, row: AccessTables['access_setup']): Promise<void> {
  await db.deleteFrom('access_setup').execute()
  await db.insertInto('access_setup').values(row).execute()
}

export async function findSetup(db: Db, hash: string, now: number): Promise<boolean> {
  const row = await db
    .selectFrom('access_setup')
    .select('hash')
    .where('hash', '=', hash)
    .where('expires', '>', now)
    .executeTakeFirst()
  return row !== undefined
}

export async function clearSetup(db: Db): Promise<void> {
  await db.deleteFrom('access_setup').execute()
}

// ── Sessions ──

export interface SessionAccount {
  readonly account_id: string
  readonly name: string
  readonly role: string
  readonly scope: string
  readonly last_used: number
}

export async function insertSession(db: Db, row: AccessTables['access_sessions']): Promise<void> {
  await db.insertInto('access_sessions').values(row).execute()
}

export async function findSession(db: Db, hash: string, now: number, idleSince: number): Promise<SessionAccount | undefined> {
  return await db
    .selectFrom('access_sessions as s')
    .innerJoin('access_accounts as a', 'a.id', 's.account_id')
    .select(['s.account_id', 'a.name', 'a.role', 'a.scope', 's.last_used'])
    .where('s.hash', '=', hash)
    .where('s.expires', '>', now)
    .where('s.last_used', '>', idleSince)
    .executeTakeFirst()
}

export async function touchSession(db: Db, hash: string, now: number): Promise<void> {
  await db.updateTable('access_sessions').set({ last_used: now }).where('hash', '=', hash).execute()
}

export async function deleteSession(db: Db, hash: string): Promise<void> {
  await db.deleteFrom('access_sessions').where('hash', '=', hash).execute()
}

export async function deleteExpiredSessions(db: Db, now: number, idleSince: number): Promise<void> {
  await db
    .deleteFrom('access_sessions')
    .where((e) => e.or([e('expires', '<=', now), e('last_used', '<=', idleSince)]))
    .execute()
}

// ── API tokens ──

export async function insertToken(db: Db, row: TokensTable): Promise<void> {
  await db.insertInto('access_tokens').values(row).execute()
}

export async function findToken(db: Db, hash: string, now: number): Promise<TokensTable | undefined> {
  return await db
    .selectFrom('access_tokens')
    .selectAll()
    .where('hash', '=', hash)
    .where((e) => e.or([e('expires', 'is', null), e('expires', '>', now)]))
    .executeTakeFirst()
}

export async function touchToken(db: Db, id: string, now: number): Promise<void> {
  await db.updateTable('access_tokens').set({ last_used: now }).where('id', '=', id).execute()
}

export async function listTokens(db: Db, scope: string): Promise<TokensTable[]> {
  return await db.selectFrom('access_tokens').selectAll().where('scope', '=', scope).orderBy('created', 'desc').execute()
}

export async function deleteToken(db: Db, scope: string, id: string): Promise<boolean> {
  const done = await db.deleteFrom('access_tokens').where('scope', '=', scope).where('id', '=', id).executeTakeFirst()
  return Number(done.numDeletedRows) > 0
}
