import { type Kysely, sql } from 'kysely'
import type { AccessTables } from '../../access/tables.ts'
import type { CollectTables } from '../../collect/tables.ts'
import type { DetectTables } from '../../detect/tables.ts'
import type { StateTables } from '../../platform/state/tables.ts'
import type { ProveTables } from '../../prove/tables.ts'
import type { PipelineTables } from '../pipeline/tables.ts'

/** The whole installation, every scope: for its own operation only, never for a caller of one scope. */
export type Db = Kysely<AccessTables & CollectTables & DetectTables & ProveTables & StateTables>

export function sourceCounts(db: Db) {
  return db
    .selectFrom('collect_sources')
    .select(['scope', 'id', 'received', 'parsed', 'unknown', 'stored', 'repeated', 'dropped', 'gaps', 'bytes', 'last_event'])
    .orderBy('scope')
    .orderBy('id')
    .execute()
}

export function alertCounts(db: Db) {
  return db
    .selectFrom('detect_alerts')
    .select((eb) => ['scope', 'state', eb.fn.countAll<number>().as('alerts')])
    .groupBy(['scope', 'state'])
    .execute()
}

export async function liveSessions(db: Db, now: number): Promise<number> {
  const { sessions } = await db
    .selectFrom('access_sessions')
    .select((eb) => eb.fn.countAll<number>().as('sessions'))
    .where('expires', '>', now)
    .executeTakeFirstOrThrow()
  return Number(sessions)
}

export async function waitingEvidence(db: Db): Promise<{ readonly entries: number; readonly oldest: number | null }> {
  const row = await db
    .selectFrom('outbox')
    .select((eb) => [eb.fn.countAll<number>().as('entries'), sql<number | null>`min(created)`.as('oldest')])
    .executeTakeFirstOrThrow()
  return { entries: Number(row.entries), oldest: row.oldest === null ? null : Number(row.oldest) }
}

/** What was logged after the first `size` entries, in order. */
export function loggedSince(db: Db, size: number) {
  return db.selectFrom('prove_entries').select(['idx', 'type']).where('idx', '>=', size).orderBy('idx').execute()
}

export interface RecordedHour {
  /** That the lake should hold. */
  readonly events: number
  readonly erased: number
}

/** What the lake should hold by received hour, as far as consequences are committed. */
export async function recordedHours(db: Kysely<PipelineTables & ProveTables>): Promise<ReadonlyMap<number, RecordedHour>> {
  const rows = await db
    .selectFrom('pipeline_batches as b')
    .leftJoin('prove_erased as e', (join) => join.onRef('e.writer', '=', 'b.writer').onRef('e.sequence', '=', 'b.sequence'))
    .select([
      sql<number>`b.received - b.received % 3600000`.as('hour'),
      sql<number>`sum(b.events - b.lost - coalesce(e.events, 0))`.as('events'),
      sql<number>`sum(coalesce(e.events, 0))`.as('erased'),
    ])
    .groupBy('hour')
    .execute()
  return new Map(rows.map(({ hour, events, erased }) => [Number(hour), { events: Number(events), erased: Number(erased) }]))
}

/** What SQLite finds wrong in its own file; empty where all is well, or where it is another database. */
export async function brokenPages(db: Kysely<StateTables>): Promise<readonly string[]> {
  const { rows } = await sql<{ quick_check: string }>`pragma quick_check(5)`.execute(db)
  return rows.map((row) => row.quick_check).filter((text) => text !== 'ok')
}
