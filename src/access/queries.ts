import type { Insertable, Kysely } from 'kysely'
import type { Assignment } from './roles.ts'
import type { AccessTables, Account, AccountsTable, AssignmentsTable, AuditPeriodsTable, TokensTable } from './tables.ts'

export type Db = Kysely<AccessTables>

/** How many accounts there are besides the emergency one. */
export async function countPeople(db: Db): Promise<number> {
  const row = await db
    .selectFrom('access_accounts')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('break_glass', '=', 0)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

export async function findAccountByName(db: Db, name: string): Promise<Account | undefined> {
  return await db.selectFrom('access_accounts').selectAll().where('name', '=', name).executeTakeFirst()
}

export async function insertAccount(db: Db, row: Insertable<AccountsTable>): Promise<void> {
  await db.insertInto('access_accounts').values(row).execute()
}

export async function findAccount(db: Db, id: string): Promise<Account | undefined> {
  return await db.selectFrom('access_accounts').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The emergency account: there is one at most. */
export async function findBreakGlass(db: Db): Promise<Account | undefined> {
  return await db.selectFrom('access_accounts').selectAll().where('break_glass', '=', 1).executeTakeFirst()
}

export async function setPassword(db: Db, account: string, password: string): Promise<void> {
  await db.updateTable('access_accounts').set({ password }).where('id', '=', account).execute()
}

// ── Roles and scopes ──

/** What an active account holds; nothing for one that was ended. */
export async function assignmentsOf(db: Db, account: string): Promise<Assignment[]> {
  return await db
    .selectFrom('access_assignments as r')
    .innerJoin('access_accounts as a', 'a.id', 'r.account_id')
    .select(['r.role', 'r.scope'])
    .where('r.account_id', '=', account)
    .where('a.active', '=', 1)
    .execute()
}

/** The span of the ledger that this holder is limited to in a scope, if any. */
export async function auditPeriodOf(db: Db, holder: string, scope: string): Promise<AuditPeriodsTable | undefined> {
  return await db
    .selectFrom('access_audit_periods')
    .selectAll()
    .where('holder', '=', holder)
    .where('scope', '=', scope)
    .executeTakeFirst()
}

/** Everybody in a scope who is limited to a span of the ledger. */
export async function auditPeriods(db: Db, scope: string): Promise<AuditPeriodsTable[]> {
  return await db.selectFrom('access_audit_periods').selectAll().where('scope', '=', scope).execute()
}

export async function setAuditPeriod(db: Db, row: AuditPeriodsTable): Promise<void> {
  await db
    .insertInto('access_audit_periods')
    .values(row)
    .onConflict((oc) => oc.columns(['holder', 'scope']).doUpdateSet({ from_at: row.from_at, to_at: row.to_at }))
    .execute()
}

export async function insertAssignment(db: Db, row: AssignmentsTable): Promise<void> {
  await db
    .insertInto('access_assignments')
    .values(row)
    .onConflict((oc) => oc.doNothing())
    .execute()
}

/** Every scope that was made, by name; the shared one is not among them. */
export async function scopeNames(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('access_scopes').select('scope').orderBy('scope').execute()
  return rows.map(({ scope }) => scope)
}

export async function scopeExists(db: Db, scope: string): Promise<boolean> {
  return (await db.selectFrom('access_scopes').select('scope').where('scope', '=', scope).executeTakeFirst()) !== undefined
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

export interface FoundSession {
  readonly id: string
  readonly methods: string
  readonly created: number
  readonly last_used: number
  readonly account_id: string
  readonly name: string
  readonly confirmed: number | null
  readonly break_glass: number
}

export async function insertSession(db: Db, row: Insertable<AccessTables['access_sessions']>): Promise<void> {
  await db.insertInto('access_sessions').values(row).execute()
}

/** A session of an active account. */
export async function findSession(db: Db, hash: string, now: number, idleSince: number): Promise<FoundSession | undefined> {
  return await db
    .selectFrom('access_sessions as s')
    .innerJoin('access_accounts as a', 'a.id', 's.account_id')
    .select(['s.id', 's.methods', 's.created', 's.last_used', 's.confirmed', 's.account_id', 'a.name', 'a.break_glass'])
    .where('s.hash', '=', hash)
    .where('s.expires', '>', now)
    .where('s.last_used', '>', idleSince)
    .where('a.active', '=', 1)
    .executeTakeFirst()
}

export async function touchSession(db: Db, hash: string, now: number): Promise<void> {
  await db.updateTable('access_sessions').set({ last_used: now }).where('hash', '=', hash).execute()
}

/** A session's new secret and how it was proved. */
export async function replaceSessionSecret(
  db: Db,
  id: string,
  changed: Pick<AccessTables['access_sessions'], 'hash' | 'methods' | 'last_used'> & { readonly confirmed: number },
): Promise<void> {
  await db.updateTable('access_sessions').set(changed).where('id', '=', id).execute()
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
    .where((e) => e.or([e('hash', '=', hash), e.and([e('old_hash', '=', hash), e('old_until', '>', now)])]))
    .where((e) => e.or([e('expires', 'is', null), e('expires', '>', now)]))
    .executeTakeFirst()
}

export async function touchToken(db: Db, id: string, now: number): Promise<void> {
  await db.updateTable('access_tokens').set({ last_used: now }).where('id', '=', id).execute()
}

export async function listTokens(db: Db, scope: string): Promise<TokensTable[]> {
  return await db.selectFrom('access_tokens').selectAll().where('scope', '=', scope).orderBy('created', 'desc').execute()
}

export async function findTokenById(db: Db, scope: string, id: string): Promise<TokensTable | undefined> {
  return await db.selectFrom('access_tokens').selectAll().where('scope', '=', scope).where('id', '=', id).executeTakeFirst()
}

/** Gives a token another secret, and keeps the hash of the one before until `old_until`. */
export async function rotateTokenSecret(
  db: Db,
  id: string,
  next: Pick<TokensTable, 'hash' | 'owner' | 'old_hash' | 'old_until'>,
): Promise<void> {
  await db.updateTable('access_tokens').set(next).where('id', '=', id).execute()
}

export async function deleteToken(db: Db, scope: string, id: string): Promise<boolean> {
  const done = await db.deleteFrom('access_tokens').where('scope', '=', scope).where('id', '=', id).executeTakeFirst()
  return Number(done.numDeletedRows) > 0
}
