import type { Insertable } from 'kysely'
import type { Db } from '../queries.ts'
import type { Account } from '../tables.ts'
import type { NamedId, StoredUser } from './resources.ts'
import type { ScimGroupsTable, ScimUser, ScimUsersTable } from './tables.ts'

/** Ids that one statement may name. */
const IDS_A_STATEMENT = 1_000

// ── Users ──

function users(db: Db) {
  return db
    .selectFrom('access_scim_users as u')
    .innerJoin('access_accounts as a', 'a.id', 'u.account_id')
    .selectAll('u')
    .select(['a.name', 'a.active'])
}

export async function findUser(db: Db, id: string): Promise<StoredUser | undefined> {
  return await users(db).where('u.account_id', '=', id).executeTakeFirst()
}

/** In order of making. */
export async function listUsers(db: Db): Promise<StoredUser[]> {
  return await users(db).orderBy('u.created').orderBy('u.account_id').execute()
}

export async function usersBy(db: Db, column: 'name_key' | 'external_id', value: string): Promise<StoredUser[]> {
  return await users(db).where(`u.${column}`, '=', value).orderBy('u.created').orderBy('u.account_id').execute()
}

export async function insertUser(db: Db, row: Insertable<ScimUsersTable>): Promise<void> {
  await db.insertInto('access_scim_users').values(row).execute()
}

export async function updateUser(
  db: Db,
  id: string,
  change: Partial<Pick<ScimUser, 'name_key' | 'external_id' | 'ended_by_client' | 'document' | 'version' | 'modified'>>,
): Promise<void> {
  await db.updateTable('access_scim_users').set(change).where('account_id', '=', id).execute()
}

export async function deleteUser(db: Db, id: string): Promise<void> {
  await db.deleteFrom('access_scim_members').where('account_id', '=', id).execute()
  await db.deleteFrom('access_scim_users').where('account_id', '=', id).execute()
}

export async function updateAccount(
  db: Db,
  id: string,
  change: Partial<Pick<Account, 'name' | 'display' | 'email' | 'subject' | 'active'>>,
): Promise<void> {
  await db.updateTable('access_accounts').set(change).where('id', '=', id).execute()
}

export async function countUsers(db: Db): Promise<{ readonly active: number; readonly inactive: number }> {
  const rows = await db
    .selectFrom('access_scim_users as u')
    .innerJoin('access_accounts as a', 'a.id', 'u.account_id')
    .select(['a.active', (e) => e.fn.countAll<number>().as('n')])
    .groupBy('a.active')
    .execute()
  const of = (active: 0 | 1): number => Number(rows.find((row) => row.active === active)?.n ?? 0)
  return { active: of(1), inactive: of(0) }
}

// ── Groups ──

export async function findGroup(db: Db, id: string): Promise<ScimGroupsTable | undefined> {
  return await db.selectFrom('access_scim_groups').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function listGroups(db: Db): Promise<ScimGroupsTable[]> {
  return await db.selectFrom('access_scim_groups').selectAll().orderBy('created').orderBy('id').execute()
}

export async function groupsBy(db: Db, column: 'name_key' | 'external_id', value: string): Promise<ScimGroupsTable[]> {
  return await db
    .selectFrom('access_scim_groups')
    .selectAll()
    .where(column, '=', value)
    .orderBy('created')
    .orderBy('id')
    .execute()
}

export async function insertGroup(db: Db, row: ScimGroupsTable): Promise<void> {
  await db.insertInto('access_scim_groups').values(row).execute()
}

export async function updateGroup(
  db: Db,
  id: string,
  change: Partial<Pick<ScimGroupsTable, 'name' | 'name_key' | 'external_id' | 'roles' | 'version' | 'modified'>>,
): Promise<void> {
  await db.updateTable('access_scim_groups').set(change).where('id', '=', id).execute()
}

export async function deleteGroup(db: Db, id: string): Promise<void> {
  await db.deleteFrom('access_scim_members').where('group_id', '=', id).execute()
  await db.deleteFrom('access_scim_groups').where('id', '=', id).execute()
}

// ── Members ──

export async function membersOf(db: Db, group: string): Promise<string[]> {
  const rows = await db
    .selectFrom('access_scim_members')
    .select('account_id')
    .where('group_id', '=', group)
    .orderBy('account_id')
    .execute()
  return rows.map(({ account_id }) => account_id)
}

/** Every membership with the names of both sides, for lists. */
export async function memberships(db: Db): Promise<readonly { readonly group: NamedId; readonly user: NamedId }[]> {
  const rows = await db
    .selectFrom('access_scim_members as m')
    .innerJoin('access_scim_groups as g', 'g.id', 'm.group_id')
    .innerJoin('access_accounts as a', 'a.id', 'm.account_id')
    .select(['g.id as group_id', 'g.name as group_name', 'a.id as user_id', 'a.name as user_name'])
    .orderBy('g.name')
    .orderBy('a.name')
    .execute()
  return rows.map((row) => ({
    group: { id: row.group_id, name: row.group_name },
    user: { id: row.user_id, name: row.user_name },
  }))
}

export async function namedMembers(db: Db, group: string): Promise<NamedId[]> {
  return await db
    .selectFrom('access_scim_members as m')
    .innerJoin('access_accounts as a', 'a.id', 'm.account_id')
    .select(['a.id', 'a.name'])
    .where('m.group_id', '=', group)
    .orderBy('a.name')
    .execute()
}

export async function groupsOf(db: Db, account: string): Promise<ScimGroupsTable[]> {
  return await db
    .selectFrom('access_scim_members as m')
    .innerJoin('access_scim_groups as g', 'g.id', 'm.group_id')
    .selectAll('g')
    .where('m.account_id', '=', account)
    .orderBy('g.name')
    .execute()
}

export async function addMembers(db: Db, group: string, scope: string, accounts: readonly string[]): Promise<void> {
  for (let at = 0; at < accounts.length; at += IDS_A_STATEMENT) {
    const rows = accounts.slice(at, at + IDS_A_STATEMENT).map((account_id) => ({ group_id: group, account_id, scope }))
    await db.insertInto('access_scim_members').values(rows).execute()
  }
}

export async function removeMembers(db: Db, group: string, accounts: readonly string[]): Promise<void> {
  for (let at = 0; at < accounts.length; at += IDS_A_STATEMENT) {
    await db
      .deleteFrom('access_scim_members')
      .where('group_id', '=', group)
      .where('account_id', 'in', accounts.slice(at, at + IDS_A_STATEMENT))
      .execute()
  }
}

/** Which of these are users that SCIM keeps. */
export async function knownUsers(db: Db, accounts: readonly string[]): Promise<ReadonlySet<string>> {
  const known = new Set<string>()
  for (let at = 0; at < accounts.length; at += IDS_A_STATEMENT) {
    const rows = await db
      .selectFrom('access_scim_users')
      .select('account_id')
      .where('account_id', 'in', accounts.slice(at, at + IDS_A_STATEMENT))
      .execute()
    for (const { account_id } of rows) known.add(account_id)
  }
  return known
}

// ── Tokens ──

export async function scimTokens(db: Db) {
  return await db
    .selectFrom('access_tokens')
    .select(['id', 'name', 'last_used'])
    .where('grants', '=', 'scim')
    .orderBy('created')
    .execute()
}
