import type { Kysely } from 'kysely'
import { readJson } from '../../platform/state/columns.ts'
import type { Verdict } from '../schema.ts'
import type { AlertsTable, DetectTables } from '../tables.ts'
import type { ExceptionsTable } from './tables.ts'

type Db = Kysely<DetectTables>

/** Those in force at a time for any of these rules, oldest first. */
export async function exceptionsFor(db: Db, ruleIds: readonly string[], now: number): Promise<ExceptionsTable[]> {
  if (ruleIds.length === 0) return []
  const rows = await db
    .selectFrom('detect_exceptions')
    .selectAll()
    .where('state', '=', 'active')
    .where('expires', '>', now)
    .orderBy('created')
    .orderBy('id')
    .execute()
  const wanted = new Set(ruleIds)
  return rows.filter((row) => wanted.has(row.rule_id))
}

export async function allExceptions(db: Db): Promise<ExceptionsTable[]> {
  return await db.selectFrom('detect_exceptions').selectAll().orderBy('created', 'desc').orderBy('id').limit(1000).execute()
}

export async function exceptionById(db: Db, id: string): Promise<ExceptionsTable | undefined> {
  return await db.selectFrom('detect_exceptions').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertException(db: Db, row: ExceptionsTable): Promise<void> {
  await db.insertInto('detect_exceptions').values(row).execute()
}

export async function changeException(db: Db, id: string, change: Partial<Omit<ExceptionsTable, 'id' | 'scope'>>): Promise<void> {
  await db.updateTable('detect_exceptions').set(change).where('id', '=', id).execute()
}

export interface PastAlert {
  readonly id: string
  readonly entity_name: string
  readonly raised: number
  readonly count: number
  readonly verdict: Verdict | null
  readonly techniques: string
  readonly detail: string
}

/** Alerts of a rule raised since a time, newest first. */
export async function alertsOfRule(db: Db, ruleId: string, since: number, limit: number): Promise<PastAlert[]> {
  return await db
    .selectFrom('detect_alerts')
    .select(['id', 'entity_name', 'raised', 'count', 'verdict', 'techniques', 'detail'])
    .where('rule_id', '=', ruleId)
    .where('raised', '>=', since)
    .orderBy('raised', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Techniques of the alerts raised since a time, those of a rule left out. */
export async function techniquesWithout(db: Db, ruleId: string, since: number): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('detect_alerts')
    .select('techniques')
    .distinct()
    .where('raised', '>=', since)
    .where('rule_id', '!=', ruleId)
    .execute()
  return new Set(rows.flatMap((row) => readJson<string[]>(row.techniques)))
}

export async function titlesOfRule(db: Db, ruleId: string): Promise<Pick<AlertsTable, 'title' | 'title_ja'> | undefined> {
  return await db
    .selectFrom('detect_alerts')
    .select(['title', 'title_ja'])
    .where('rule_id', '=', ruleId)
    .orderBy('raised', 'desc')
    .limit(1)
    .executeTakeFirst()
}
