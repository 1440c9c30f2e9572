import type { Db } from '../queries.ts'
import type { Account } from '../tables.ts'
import type { FlowsTable, IdentitiesTable, ProvidersTable } from './tables.ts'

// ── Providers ──

export async function listProviders(db: Db): Promise<ProvidersTable[]> {
  return await db.selectFrom('access_sso_providers').selectAll().orderBy('created').orderBy('id').execute()
}

export async function findProvider(db: Db, id: string): Promise<ProvidersTable | undefined> {
  return await db.selectFrom('access_sso_providers').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertProvider(db: Db, row: ProvidersTable): Promise<void> {
  await db.insertInto('access_sso_providers').values(row).execute()
}

export async function updateProvider(
  db: Db,
  id: string,
  change: Pick<ProvidersTable, 'settings' | 'secret' | 'updated'>,
): Promise<void> {
  await db.updateTable('access_sso_providers').set(change).where('id', '=', id).execute()
}

export async function deleteProvider(db: Db, id: string): Promise<void> {
  await db.deleteFrom('access_sso_providers').where('id', '=', id).execute()
}

export async function countIdentities(db: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('access_identities')
    .select(['provider', (e) => e.fn.countAll<number>().as('n')])
    .groupBy('provider')
    .execute()
  return new Map(rows.map(({ provider, n }) => [provider, Number(n)]))
}

// ── Identities ──

export async function findIdentity(db: Db, provider: string, subject: string): Promise<IdentitiesTable | undefined> {
  return await db
    .selectFrom('access_identities')
    .selectAll()
    .where('provider', '=', provider)
    .where('subject', '=', subject)
    .executeTakeFirst()
}

export async function insertIdentity(db: Db, row: IdentitiesTable): Promise<void> {
  await db.insertInto('access_identities').values(row).execute()
}

export async function useIdentity(
  db: Db,
  id: string,
  change: Pick<IdentitiesTable, 'account_id' | 'name' | 'last_used'>,
): Promise<void> {
  await db.updateTable('access_identities').set(change).where('id', '=', id).execute()
}

export async function identitiesOf(db: Db, account: string): Promise<IdentitiesTable[]> {
  return await db.selectFrom('access_identities').selectAll().where('account_id', '=', account).orderBy('created').execute()
}

/** Accounts that sign in through this provider and no other. */
export async function accountsOnlyOf(db: Db, provider: string): Promise<string[]> {
  const rows = await db
    .selectFrom('access_identities as i')
    .select('i.account_id')
    .distinct()
    .where('i.provider', '=', provider)
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('access_identities as other')
            .select('other.id')
            .whereRef('other.account_id', '=', 'i.account_id')
            .where('other.provider', '!=', provider),
        ),
      ),
    )
    .orderBy('i.account_id')
    .execute()
  return rows.map(({ account_id }) => account_id)
}

export async function deleteIdentity(db: Db, account: string, id: string): Promise<IdentitiesTable | undefined> {
  return await db
    .deleteFrom('access_identities')
    .where('account_id', '=', account)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
}

// ── Accounts ──

export async function describeAccount(
  db: Db,
  id: string,
  change: Partial<Pick<Account, 'display' | 'email' | 'last_seen'>>,
): Promise<void> {
  await db.updateTable('access_accounts').set(change).where('id', '=', id).execute()
}

/** Active accounts that SCIM keeps with this attribute; more than one is told as more than one. */
export async function provisionedAccounts(db: Db, attribute: 'externalId' | 'userName', value: string): Promise<Account[]> {
  return await db
    .selectFrom('access_accounts as a')
    .innerJoin('access_scim_users as u', 'u.account_id', 'a.id')
    .selectAll('a')
    .where('a.active', '=', 1)
    .where(
      attribute === 'externalId' ? 'u.external_id' : 'u.name_key',
      '=',
      attribute === 'externalId' ? value : value.toLowerCase(),
    )
    .limit(2)
    .execute()
}

/** Ends the sessions of an account that were opened through a provider. */
export async function deleteFederatedSessions(db: Db, account: string): Promise<void> {
  await db.deleteFrom('access_sessions').where('account_id', '=', account).where('methods', 'like', '%"fed"%').execute()
}

export async function sessionIsLive(db: Db, id: string, account: string, now: number): Promise<boolean> {
  const row = await db
    .selectFrom('access_sessions')
    .select('id')
    .where('id', '=', id)
    .where('account_id', '=', account)
    .where('expires', '>', now)
    .executeTakeFirst()
  return row !== undefined
}

// ── Sign-ins on their way ──

/** @returns false where `most` are on their way already. */
export async function insertFlow(db: Db, row: FlowsTable, most: number): Promise<boolean> {
  await db.deleteFrom('access_sso_flows').where('expires', '<=', row.created).execute()
  const { n } = await db
    .selectFrom('access_sso_flows')
    .select((e) => e.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  if (Number(n) >= most) return false
  await db.insertInto('access_sso_flows').values(row).execute()
  return true
}

/** Takes a flow away: what it was for, once. */
export async function takeFlow(db: Db, id: string, hash: string, now: number): Promise<FlowsTable | undefined> {
  return await db
    .deleteFrom('access_sso_flows')
    .where('id', '=', id)
    .where('hash', '=', hash)
    .where('expires', '>', now)
    .returningAll()
    .executeTakeFirst()
}
