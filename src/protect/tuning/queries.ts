import type { Kysely } from 'kysely'
import type { WafVerdict } from '../schema.ts'
import type { ApplicationsTable, ExclusionsTable, ProtectTables, WafVerdictsTable } from './tables.ts'

export type ProtectDb = Kysely<ProtectTables>

const MOST = 1000

export async function allExclusions(db: ProtectDb): Promise<ExclusionsTable[]> {
  return await db.selectFrom('protect_exclusions').selectAll().orderBy('created', 'desc').orderBy('id').limit(MOST).execute()
}

/** Those in force at a time, oldest first: a later one of the same thing is the one that counts. */
export async function exclusionsInForce(db: ProtectDb, now: number): Promise<ExclusionsTable[]> {
  return await db
    .selectFrom('protect_exclusions')
    .selectAll()
    .where('ended', 'is', null)
    .where('expires', '>', now)
    .orderBy('created')
    .orderBy('id')
    .limit(MOST)
    .execute()
}

export async function exclusionById(db: ProtectDb, id: string): Promise<ExclusionsTable | undefined> {
  return await db.selectFrom('protect_exclusions').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertExclusion(db: ProtectDb, row: ExclusionsTable): Promise<void> {
  await db.insertInto('protect_exclusions').values(row).execute()
}

export async function endExclusionRow(db: ProtectDb, id: string, by: string, now: number): Promise<void> {
  await db.updateTable('protect_exclusions').set({ ended: now, ended_name: by }).where('id', '=', id).execute()
}

export async function allApplications(db: ProtectDb): Promise<ApplicationsTable[]> {
  return await db.selectFrom('protect_applications').selectAll().orderBy('name').limit(MOST).execute()
}

export async function saveApplication(db: ProtectDb, row: ApplicationsTable): Promise<void> {
  const { hosts, owner, author_name, created } = row
  await db
    .insertInto('protect_applications')
    .values(row)
    .onConflict((conflict) => conflict.columns(['scope', 'name']).doUpdateSet({ hosts, owner, author_name, created }))
    .execute()
}

/** @returns whether it was there. */
export async function deleteApplication(db: ProtectDb, name: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('protect_applications').where('name', '=', name).executeTakeFirst()
  return numDeletedRows > 0n
}

export async function verdictOf(db: ProtectDb, reference: string): Promise<WafVerdictsTable | undefined> {
  return await db.selectFrom('protect_verdicts').selectAll().where('reference', '=', reference).executeTakeFirst()
}

export async function saveVerdict(db: ProtectDb, row: WafVerdictsTable): Promise<void> {
  const { verdict, rule, author_name, at } = row
  await db
    .insertInto('protect_verdicts')
    .values(row)
    .onConflict((conflict) => conflict.columns(['scope', 'reference']).doUpdateSet({ verdict, rule, author_name, at }))
    .execute()
}

/** References that were judged so, newest first. */
export async function judgedReferences(db: ProtectDb, verdict: WafVerdict, since: number): Promise<string[]> {
  const rows = await db
    .selectFrom('protect_verdicts')
    .select('reference')
    .where('verdict', '=', verdict)
    .where('at', '>=', since)
    .orderBy('at', 'desc')
    .limit(MOST)
    .execute()
  return rows.map(({ reference }) => reference)
}

/** How many were judged how within a time, `to` exclusive. */
export async function verdictCounts(db: ProtectDb, from: number, to: number): Promise<Readonly<Record<WafVerdict, number>>> {
  const rows = await db
    .selectFrom('protect_verdicts')
    .select(['verdict', (build) => build.fn.countAll<number>().as('count')])
    .where('at', '>=', from)
    .where('at', '<', to)
    .groupBy('verdict')
    .execute()
  const counts = { attack: 0, false: 0 }
  for (const { verdict, count } of rows) counts[verdict] = Number(count)
  return counts
}
