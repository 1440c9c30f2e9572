import type { FailuresTable, StepsTable } from '../people/tables.ts'
import type { Db } from '../queries.ts'

// ── Where an account signed in before ──

export async function isKnown(db: Db, account: string, mark: string): Promise<boolean> {
  const row = await db
    .selectFrom('access_known')
    .select('mark')
    .where('account_id', '=', account)
    .where('mark', '=', mark)
    .executeTakeFirst()
  return row !== undefined
}

export async function rememberMarks(
  db: Db,
  account: { readonly id: string; readonly scope: string },
  marks: readonly string[],
  now: number,
): Promise<void> {
  const rows = marks.map((mark) => ({ account_id: account.id, mark, scope: account.scope, last_used: now }))
  await db
    .insertInto('access_known')
    .values(rows)
    .onConflict((oc) => oc.columns(['account_id', 'mark']).doUpdateSet({ last_used: now }))
    .execute()
}

export async function forgetMarks(db: Db, before: number): Promise<void> {
  await db.deleteFrom('access_known').where('last_used', '<', before).execute()
}

export async function forgetMarksOf(db: Db, account: string): Promise<void> {
  await db.deleteFrom('access_known').where('account_id', '=', account).execute()
}

export async function touchAccount(db: Db, account: string, now: number): Promise<void> {
  await db.updateTable('access_accounts').set({ last_seen: now }).where('id', '=', account).execute()
}

// ── Failures ──

export async function failuresOf(db: Db, keys: readonly string[]): Promise<ReadonlyMap<string, FailuresTable>> {
  const rows = await db.selectFrom('access_failures').selectAll().where('key', 'in', keys).execute()
  return new Map(rows.map((row) => [row.key, row]))
}

export async function writeFailures(db: Db, row: FailuresTable): Promise<void> {
  const { count, last } = row
  await db
    .insertInto('access_failures')
    .values(row)
    .onConflict((oc) => oc.column('key').doUpdateSet({ count, last }))
    .execute()
}

export async function clearFailures(db: Db, key: string): Promise<void> {
  await db.deleteFrom('access_failures').where('key', '=', key).execute()
}

/** Takes back one that turned out to be none. */
export async function takeBackFailure(db: Db, key: string): Promise<void> {
  await db
    .updateTable('access_failures')
    .set((e) => ({ count: e('count', '-', 1) }))
    .where('key', '=', key)
    .where('count', '>', 0)
    .execute()
}

export async function forgetFailures(db: Db, before: number): Promise<void> {
  await db.deleteFrom('access_failures').where('last', '<', before).execute()
}

// ── Steps ──

export async function insertStep(db: Db, row: StepsTable): Promise<void> {
  await db.deleteFrom('access_steps').where('expires', '<=', row.created).execute()
  await db.insertInto('access_steps').values(row).execute()
}

export async function findStep(db: Db, hash: string, now: number): Promise<StepsTable | undefined> {
  return await db.selectFrom('access_steps').selectAll().where('hash', '=', hash).where('expires', '>', now).executeTakeFirst()
}

/** Ends a step. @returns whether it was there: of two at once only one gets it. */
export async function deleteStep(db: Db, hash: string): Promise<boolean> {
  const done = await db.deleteFrom('access_steps').where('hash', '=', hash).executeTakeFirst()
  return Number(done.numDeletedRows) > 0
}

/** Counts a try before it is judged. @returns whether one was left. */
export async function spendTry(db: Db, hash: string, most: number): Promise<boolean> {
  const done = await db
    .updateTable('access_steps')
    .set((e) => ({ tries: e('tries', '+', 1) }))
    .where('hash', '=', hash)
    .where('tries', '<', most)
    .executeTakeFirst()
  return Number(done.numUpdatedRows) > 0
}
