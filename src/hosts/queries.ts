import type { Kysely } from 'kysely'
import type { CommandState } from './schema.ts'
import type { CommandsTable, HostTables, IntegrityTable, PoliciesTable, ReleasesTable, StatusTable } from './tables.ts'

export type HostDb = Kysely<HostTables>

/** States in which an answer is still awaited. */
const OPEN: readonly CommandState[] = ['waiting', 'given']

export async function insertCommand(db: HostDb, row: CommandsTable): Promise<void> {
  await db.insertInto('hosts_commands').values(row).execute()
}

export async function commandByKey(db: HostDb, scope: string, key: string): Promise<CommandsTable | undefined> {
  return await db.selectFrom('hosts_commands').selectAll().where('scope', '=', scope).where('key', '=', key).executeTakeFirst()
}

export async function commandById(db: HostDb, scope: string, id: string): Promise<CommandsTable | undefined> {
  return await db.selectFrom('hosts_commands').selectAll().where('scope', '=', scope).where('id', '=', id).executeTakeFirst()
}

/** What one agent is still to do, oldest first. */
export async function openCommands(db: HostDb, agent: string, now: number, limit: number): Promise<CommandsTable[]> {
  return await db
    .selectFrom('hosts_commands')
    .selectAll()
    .where('agent', '=', agent)
    .where('state', 'in', OPEN)
    .where('expires', '>', now)
    .orderBy('created')
    .orderBy('id')
    .limit(limit)
    .execute()
}

export async function commandsOf(db: HostDb, scope: string, agent: string, limit: number): Promise<CommandsTable[]> {
  return await db
    .selectFrom('hosts_commands')
    .selectAll()
    .where('scope', '=', scope)
    .where('agent', '=', agent)
    .orderBy('created', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** On how many other hosts than this one's something of these kinds was asked for. */
export async function otherHostsSince(
  db: HostDb,
  { scope, agent }: Pick<CommandsTable, 'scope' | 'agent'>,
  kinds: readonly CommandsTable['kind'][],
  since: number,
): Promise<number> {
  const row = await db
    .selectFrom('hosts_commands')
    .select((e) => e.fn.count<number | string>('agent').distinct().as('hosts'))
    .where('scope', '=', scope)
    .where('agent', '!=', agent)
    .where('kind', 'in', kinds)
    // What agents did by themselves keeps nobody from helping.
    .where('by_id', 'not like', 'rule:%')
    .where('created', '>', since)
    .executeTakeFirst()
  return Number(row?.hosts ?? 0)
}

/** @returns false where it was not in one of those states any more. */
export async function moveCommand(db: HostDb, id: string, change: Partial<CommandsTable>, from = OPEN): Promise<boolean> {
  const done = await db
    .updateTable('hosts_commands')
    .set(change)
    .where('id', '=', id)
    .where('state', 'in', from)
    .executeTakeFirst()
  return Number(done.numUpdatedRows) > 0
}

/** Frees the key of a command that is over, so that the same can be asked for again; its row and its entries stay. */
export async function leaveKey(db: HostDb, { id, key }: Pick<CommandsTable, 'id' | 'key'>): Promise<void> {
  await db
    .updateTable('hosts_commands')
    .set({ key: `${key} ${id}` })
    .where('id', '=', id)
    .execute()
}

/** Answers to questions are not evidence: they are forgotten, the question is not. */
export async function forgetAnswers(db: HostDb, before: number): Promise<void> {
  await db
    .updateTable('hosts_commands')
    .set({ receipt: null })
    .where('kind', '=', 'query')
    .where('created', '<', before)
    .where('receipt', 'is not', null)
    .execute()
}

/** Those whose time has run out without an answer. */
export async function overdueCommands(db: HostDb, now: number): Promise<CommandsTable[]> {
  return await db
    .selectFrom('hosts_commands')
    .selectAll()
    .where('state', 'in', OPEN)
    .where('expires', '<=', now)
    .limit(100)
    .execute()
}

export async function keepStatus(db: HostDb, row: StatusTable): Promise<void> {
  await db
    .insertInto('hosts_status')
    .values(row)
    .onConflict((c) => c.column('agent').doUpdateSet({ at: row.at, status: row.status }))
    .execute()
}

export async function statusesOf(db: HostDb, scope: string): Promise<StatusTable[]> {
  return await db.selectFrom('hosts_status').selectAll().where('scope', '=', scope).execute()
}

export async function policiesOf(db: HostDb, scope: string): Promise<PoliciesTable[]> {
  return await db.selectFrom('hosts_policies').selectAll().where('scope', '=', scope).orderBy('label').execute()
}

export async function keepPolicy(db: HostDb, row: PoliciesTable): Promise<void> {
  const { settings, by_name, changed } = row
  await db
    .insertInto('hosts_policies')
    .values(row)
    .onConflict((c) => c.columns(['scope', 'label']).doUpdateSet({ settings, by_name, changed }))
    .execute()
}

export async function deletePolicy(db: HostDb, scope: string, label: string): Promise<boolean> {
  const done = await db.deleteFrom('hosts_policies').where('scope', '=', scope).where('label', '=', label).executeTakeFirst()
  return Number(done.numDeletedRows) > 0
}

export async function insertRelease(db: HostDb, row: ReleasesTable): Promise<void> {
  await db.insertInto('hosts_releases').values(row).execute()
}

export async function releaseOf(db: HostDb, scope: string, sha256: string): Promise<ReleasesTable | undefined> {
  return await db
    .selectFrom('hosts_releases')
    .selectAll()
    .where('scope', '=', scope)
    .where('sha256', '=', sha256)
    .executeTakeFirst()
}

export async function releasesOf(db: HostDb, scope: string): Promise<ReleasesTable[]> {
  return await db.selectFrom('hosts_releases').selectAll().where('scope', '=', scope).orderBy('created', 'desc').execute()
}

export async function keepIntegrity(db: HostDb, row: IntegrityTable): Promise<void> {
  const { at, report, changes } = row
  await db
    .insertInto('hosts_integrity')
    .values(row)
    .onConflict((c) => c.column('agent').doUpdateSet({ at, report, changes }))
    .execute()
}

export async function integrityOf(db: HostDb, scope: string, agent: string): Promise<IntegrityTable | undefined> {
  return await db
    .selectFrom('hosts_integrity')
    .selectAll()
    .where('scope', '=', scope)
    .where('agent', '=', agent)
    .executeTakeFirst()
}

/** Of every agent; without the list of changes, which may be long. */
export async function integritiesOf(db: HostDb, scope: string): Promise<Omit<IntegrityTable, 'changes'>[]> {
  return await db.selectFrom('hosts_integrity').select(['agent', 'scope', 'at', 'report']).where('scope', '=', scope).execute()
}

/** Commands of these ids that accepted a baseline. */
export async function baselinesOf(db: HostDb, scope: string, ids: readonly string[]): Promise<CommandsTable[]> {
  if (ids.length === 0) return []
  return await db
    .selectFrom('hosts_commands')
    .selectAll()
    .where('scope', '=', scope)
    .where('kind', '=', 'baseline')
    .where('id', 'in', ids)
    .execute()
}
