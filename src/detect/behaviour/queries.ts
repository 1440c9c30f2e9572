import type { Insertable, Kysely, Selectable } from 'kysely'
import type { BehaviourKind } from '../engines/behaviour/features.ts'
import type { BehaviourPoolsTable, BehaviourStateTable, BehaviourTable, BehaviourTables } from './tables.ts'

type Db = Kysely<BehaviourTables>

/** Seven columns a row: far below what a statement may bind on either database. */
const ROWS_A_STATEMENT = 200
const ROWS_A_READ = 1000

export async function readState(db: Db, writer: string): Promise<Selectable<BehaviourStateTable> | undefined> {
  return await db.selectFrom('detect_behaviour_state').selectAll().where('writer', '=', writer).executeTakeFirst()
}

/** Sums over all writers. */
export async function readStates(db: Db): Promise<readonly Selectable<BehaviourStateTable>[]> {
  return await db.selectFrom('detect_behaviour_state').selectAll().execute()
}

export async function writeState(db: Db, row: Insertable<BehaviourStateTable>): Promise<void> {
  const { writer: _, ...change } = row
  await db
    .insertInto('detect_behaviour_state')
    .values(row)
    .onConflict((c) => c.column('writer').doUpdateSet(change))
    .execute()
}

/** Every profile, the longest unseen first. */
export async function* readProfiles(db: Db): AsyncGenerator<string> {
  for (let offset = 0; ; offset += ROWS_A_READ) {
    const rows = await db
      .selectFrom('detect_behaviour')
      .select('profile')
      .orderBy('last_seen')
      .orderBy('scope')
      .orderBy('kind')
      .orderBy('name')
      .limit(ROWS_A_READ)
      .offset(offset)
      .execute()
    for (const { profile } of rows) yield profile
    if (rows.length < ROWS_A_READ) return
  }
}

export async function readPools(db: Db): Promise<readonly Selectable<BehaviourPoolsTable>[]> {
  return await db.selectFrom('detect_behaviour_pools').selectAll().execute()
}

export async function writeProfiles(db: Db, rows: readonly Insertable<BehaviourTable>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await db
      .insertInto('detect_behaviour')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((c) =>
        c.columns(['scope', 'kind', 'name']).doUpdateSet((eb) => ({
          last_seen: eb.ref('excluded.last_seen'),
          score: eb.ref('excluded.score'),
          score_at: eb.ref('excluded.score_at'),
          profile: eb.ref('excluded.profile'),
        })),
      )
      .execute()
}

export async function writePool(db: Db, row: Insertable<BehaviourPoolsTable>): Promise<void> {
  await db
    .insertInto('detect_behaviour_pools')
    .values(row)
    .onConflict((c) => c.columns(['scope', 'kind']).doUpdateSet({ pool: row.pool }))
    .execute()
}

export async function deleteProfiles(
  db: Db,
  profiles: readonly { readonly scope: string; readonly kind: BehaviourKind; readonly name: string }[],
): Promise<void> {
  for (const some of Map.groupBy(profiles, ({ scope, kind }) => `${kind} ${scope}`).values()) {
    const { scope, kind } = some[0]!
    for (let at = 0; at < some.length; at += ROWS_A_STATEMENT)
      await db
        .deleteFrom('detect_behaviour')
        .where('scope', '=', scope)
        .where('kind', '=', kind)
        .where(
          'name',
          'in',
          some.slice(at, at + ROWS_A_STATEMENT).map(({ name }) => name),
        )
        .execute()
  }
}

export async function readProfile(db: Db, kind: BehaviourKind, name: string): Promise<Selectable<BehaviourTable> | undefined> {
  return await db.selectFrom('detect_behaviour').selectAll().where('kind', '=', kind).where('name', '=', name).executeTakeFirst()
}

export async function countProfiles(db: Db): Promise<number> {
  const { n } = await db
    .selectFrom('detect_behaviour')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** Those that were odd since a time, the oddest then first. */
export async function oddProfiles(db: Db, since: number, limit: number): Promise<readonly Selectable<BehaviourTable>[]> {
  return await db
    .selectFrom('detect_behaviour')
    .selectAll()
    .where('score_at', '>=', since)
    .where('score', '>', 0)
    .orderBy('score', 'desc')
    .limit(limit)
    .execute()
}
