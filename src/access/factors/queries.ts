import type { PasskeysTable, TotpTable } from '../people/tables.ts'
import type { Db } from '../queries.ts'

// ── Authenticator apps ──

export async function findTotp(db: Db, account: string): Promise<TotpTable | undefined> {
  return await db.selectFrom('access_totp').selectAll().where('account_id', '=', account).executeTakeFirst()
}

export async function replaceTotp(db: Db, row: TotpTable): Promise<void> {
  await deleteTotp(db, row.account_id)
  await db.insertInto('access_totp').values(row).execute()
}

/** Takes a code's step. @returns false where it, or a later one, was taken before: of two at once only one gets it. */
export async function takeTotpStep(db: Db, account: string, step: number): Promise<boolean> {
  const done = await db
    .updateTable('access_totp')
    .set({ last_step: step, active: 1 })
    .where('account_id', '=', account)
    .where('last_step', '<', step)
    .executeTakeFirst()
  return Number(done.numUpdatedRows) > 0
}

export async function deleteTotp(db: Db, account: string): Promise<boolean> {
  const done = await db.deleteFrom('access_totp').where('account_id', '=', account).executeTakeFirst()
  return Number(done.numDeletedRows) > 0
}

// ── Recovery codes ──

export async function countRecovery(db: Db, account: string): Promise<number> {
  const row = await db
    .selectFrom('access_recovery')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('account_id', '=', account)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

export async function replaceRecovery(
  db: Db,
  account: { readonly id: string; readonly scope: string },
  hashes: readonly string[],
  now: number,
): Promise<void> {
  await deleteAllRecovery(db, account.id)
  const rows = hashes.map((hash) => ({ hash, scope: account.scope, account_id: account.id, created: now }))
  await db.insertInto('access_recovery').values(rows).execute()
}

/** Uses a code up. @returns whether it was still good. */
export async function spendRecovery(db: Db, account: string, hash: string): Promise<boolean> {
  const done = await db
    .deleteFrom('access_recovery')
    .where('account_id', '=', account)
    .where('hash', '=', hash)
    .executeTakeFirst()
  return Number(done.numDeletedRows) > 0
}

export async function deleteAllRecovery(db: Db, account: string): Promise<void> {
  await db.deleteFrom('access_recovery').where('account_id', '=', account).execute()
}

// ── Passkeys ──

export async function passkeysOf(db: Db, account: string): Promise<PasskeysTable[]> {
  return await db.selectFrom('access_passkeys').selectAll().where('account_id', '=', account).orderBy('created').execute()
}

export async function findPasskey(db: Db, id: string): Promise<PasskeysTable | undefined> {
  return await db.selectFrom('access_passkeys').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertPasskey(db: Db, row: PasskeysTable): Promise<void> {
  await db.insertInto('access_passkeys').values(row).execute()
}

/** @returns false where another use moved the counter to or past this one meanwhile. */
export async function usePasskey(db: Db, id: string, counter: number, now: number): Promise<boolean> {
  const done = await db
    .updateTable('access_passkeys')
    .set({ counter, last_used: now })
    .where('id', '=', id)
    .where((e) => (counter === 0 ? e('counter', '=', 0) : e('counter', '<', counter)))
    .executeTakeFirst()
  return Number(done.numUpdatedRows) > 0
}

export async function renamePasskey(db: Db, account: string, id: string, name: string): Promise<boolean> {
  const done = await db
    .updateTable('access_passkeys')
    .set({ name })
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()
  return Number(done.numUpdatedRows) > 0
}

export async function deletePasskey(db: Db, account: string, id: string): Promise<boolean> {
  const done = await db.deleteFrom('access_passkeys').where('account_id', '=', account).where('id', '=', id).executeTakeFirst()
  return Number(done.numDeletedRows) > 0
}

// ── All of them ──

export interface HeldFactors {
  readonly totp: boolean
  readonly passkeys: number
  readonly recovery: number
}

export async function heldFactors(db: Db, account: string): Promise<HeldFactors> {
  const totp = await findTotp(db, account)
  return {
    totp: totp?.active === 1,
    passkeys: (await passkeysOf(db, account)).length,
    recovery: await countRecovery(db, account),
  }
}

/** Every account that has a second factor. */
export async function accountsWithFactors(db: Db): Promise<ReadonlySet<string>> {
  const totp = await db.selectFrom('access_totp').select('account_id').where('active', '=', 1).execute()
  const keys = await db.selectFrom('access_passkeys').select('account_id').distinct().execute()
  return new Set([...totp, ...keys].map(({ account_id }) => account_id))
}

export async function deleteFactors(db: Db, account: string): Promise<void> {
  await deleteTotp(db, account)
  await deleteAllRecovery(db, account)
  await db.deleteFrom('access_passkeys').where('account_id', '=', account).execute()
}
