import { type Kysely, sql } from 'kysely'
import type { ReadKind } from './schema.ts'
import type { ReadsTable, ReadTables } from './tables.ts'

type Db = Kysely<ReadTables>

const ROWS_A_STATEMENT = 200

/** Adds to what is there already: the same in the same slot counts on. */
export async function addReads(db: Db, rows: readonly ReadsTable[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await db
      .insertInto('app_reads')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['scope', 'by_id', 'slot', 'kind', 'what_hash']).doUpdateSet((eb) => ({
          last: eb.ref('excluded.last'),
          times: sql<number>`${eb.ref('app_reads.times')} + ${eb.ref('excluded.times')}`,
        })),
      )
      .execute()
}

export interface ReadsFilter {
  /** A name or an id, folded. */
  readonly person: string | undefined
  readonly kind: ReadKind | undefined
}

/** Place after which the next page begins. */
export type ReadsCursor = readonly [last: number, byId: string, slot: number, hash: string]

/** Newest first. */
export async function readsPageOf(
  db: Db,
  filter: ReadsFilter,
  after: ReadsCursor | undefined,
  limit: number,
): Promise<ReadsTable[]> {
  let query = db.selectFrom('app_reads').selectAll()
  const { person, kind } = filter
  if (kind !== undefined) query = query.where('kind', '=', kind)
  if (person !== undefined)
    query = query.where((eb) => eb.or([eb(eb.fn('lower', ['by_name']), '=', person), eb('by_id', '=', person)]))
  if (after !== undefined) {
    const [last, byId, slot, hash] = after
    query = query.where((eb) =>
      eb.or([
        eb('last', '<', last),
        eb.and([eb('last', '=', last), eb('by_id', '>', byId)]),
        eb.and([eb('last', '=', last), eb('by_id', '=', byId), eb('slot', '>', slot)]),
        eb.and([eb('last', '=', last), eb('by_id', '=', byId), eb('slot', '=', slot), eb('what_hash', '>', hash)]),
      ]),
    )
  }
  return await query.orderBy('last', 'desc').orderBy('by_id').orderBy('slot').orderBy('what_hash').limit(limit).execute()
}

/** Rows of the slots in [from, to), of every scope, in a fixed order. */
export async function readsBetween(db: Db, from: number, to: number): Promise<ReadsTable[]> {
  return await db
    .selectFrom('app_reads')
    .selectAll()
    .where('slot', '>=', from)
    .where('slot', '<', to)
    .orderBy('scope')
    .orderBy('slot')
    .orderBy('by_id')
    .orderBy('kind')
    .orderBy('what_hash')
    .execute()
}

export async function forgetReads(db: Db, lastBefore: number): Promise<void> {
  await db.deleteFrom('app_reads').where('last', '<', lastBefore).execute()
}
