import type { Kysely } from 'kysely'
import type { IocIndicatorsTable, IocListsTable, IocTables } from './tables.ts'

export type IocDb = Kysely<IocTables>

const ROWS_A_STATEMENT = 200

export async function allLists(db: IocDb): Promise<IocListsTable[]> {
  return await db.selectFrom('detect_ioc_lists').selectAll().orderBy('name').orderBy('id').execute()
}

export async function listById(db: IocDb, id: string): Promise<IocListsTable | undefined> {
  return await db.selectFrom('detect_ioc_lists').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function listByName(db: IocDb, name: string): Promise<IocListsTable | undefined> {
  return await db.selectFrom('detect_ioc_lists').selectAll().where('name', '=', name).executeTakeFirst()
}

export async function insertList(db: IocDb, row: IocListsTable): Promise<void> {
  await db.insertInto('detect_ioc_lists').values(row).execute()
}

export async function changeList(
  db: IocDb,
  id: string,
  change: Partial<Omit<IocListsTable, 'id' | 'scope' | 'changed'>>,
): Promise<void> {
  await db.updateTable('detect_ioc_lists').set(change).where('id', '=', id).execute()
}

/** Says that a list's indicators changed. The time always moves, as the matcher tells by it: several changes may share a moment. */
export async function markChanged(db: IocDb, id: string, now: number): Promise<void> {
  await db
    .updateTable('detect_ioc_lists')
    .set((e) => ({
      changed: e
        .case()
        .when('changed', '>=', now)
        .then(e('changed', '+', 1))
        .else(e.val(now))
        .end(),
    }))
    .where('id', '=', id)
    .execute()
}

export async function deleteList(db: IocDb, id: string): Promise<void> {
  await db.deleteFrom('detect_ioc_indicators').where('list_id', '=', id).execute()
  await db.deleteFrom('detect_ioc_lists').where('id', '=', id).execute()
}

/** Indicators of each list, and those that stored events are still to be searched for. */
export async function countsByList(db: IocDb): Promise<ReadonlyMap<string, { readonly all: number; readonly waiting: number }>> {
  const rows = await db
    .selectFrom('detect_ioc_indicators')
    .select((e) => [
      'list_id',
      e.fn.countAll<number>().as('all'),
      e.fn.sum<number>(e.case().when('past', '=', 0).then(1).else(0).end()).as('waiting'),
    ])
    .groupBy('list_id')
    .execute()
  return new Map(rows.map(({ list_id, all, waiting }) => [list_id, { all: Number(all), waiting: Number(waiting) }]))
}

export async function countIndicators(db: IocDb): Promise<number> {
  const row = await db
    .selectFrom('detect_ioc_indicators')
    .select((e) => e.fn.countAll<number>().as('many'))
    .executeTakeFirstOrThrow()
  return Number(row.many)
}

/** Those of these values that a list holds. */
export async function knownIn(db: IocDb, listId: string, values: readonly string[]): Promise<IocIndicatorsTable[]> {
  const found: IocIndicatorsTable[] = []
  for (let at = 0; at < values.length; at += ROWS_A_STATEMENT) {
    const some = values.slice(at, at + ROWS_A_STATEMENT)
    found.push(
      ...(await db
        .selectFrom('detect_ioc_indicators')
        .selectAll()
        .where('list_id', '=', listId)
        .where('value', 'in', some)
        .execute()),
    )
  }
  return found
}

/** Adds, or takes over what is said now; `past` and `added` of a known one stay. */
export async function upsertIndicators(db: IocDb, rows: readonly IocIndicatorsTable[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
    await db
      .insertInto('detect_ioc_indicators')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['list_id', 'kind', 'value']).doUpdateSet((e) => ({
          confidence: e.ref('excluded.confidence'),
          until: e.ref('excluded.until'),
          note: e.ref('excluded.note'),
          ref: e.ref('excluded.ref'),
        })),
      )
      .execute()
  }
}

export async function deleteValues(db: IocDb, listId: string, values: readonly string[]): Promise<number> {
  let removed = 0
  for (let at = 0; at < values.length; at += ROWS_A_STATEMENT) {
    const { numDeletedRows } = await db
      .deleteFrom('detect_ioc_indicators')
      .where('list_id', '=', listId)
      .where('value', 'in', values.slice(at, at + ROWS_A_STATEMENT))
      .executeTakeFirstOrThrow()
    removed += Number(numDeletedRows)
  }
  return removed
}

/** What a list holds with the sender's own ids. */
export async function refsOf(db: IocDb, listId: string): Promise<Pick<IocIndicatorsTable, 'kind' | 'value' | 'ref'>[]> {
  return await db
    .selectFrom('detect_ioc_indicators')
    .select(['kind', 'value', 'ref'])
    .where('list_id', '=', listId)
    .where('ref', 'is not', null)
    .execute()
}

/** Says anew under which ids of its sender an indicator is said. */
export async function changeRef(
  db: IocDb,
  { list_id: listId, kind, value, ref }: Pick<IocIndicatorsTable, 'list_id' | 'kind' | 'value' | 'ref'>,
): Promise<void> {
  await db
    .updateTable('detect_ioc_indicators')
    .set({ ref })
    .where('list_id', '=', listId)
    .where('kind', '=', kind)
    .where('value', '=', value)
    .execute()
}

/** Every value of a list, for telling which are gone. */
export async function valuesOf(db: IocDb, listId: string): Promise<string[]> {
  const rows = await db.selectFrom('detect_ioc_indicators').select('value').where('list_id', '=', listId).execute()
  return rows.map(({ value }) => value)
}

/** A page of all indicators in a fixed order, for the matcher. */
export async function indicatorPage(
  db: IocDb,
  after: { readonly listId: string; readonly kind: string; readonly value: string } | undefined,
  limit: number,
): Promise<IocIndicatorsTable[]> {
  let query = db.selectFrom('detect_ioc_indicators').selectAll()
  if (after !== undefined) {
    const { listId, kind, value } = after
    // A row value, which the primary key answers: spelled out with "or" each page begins at the first indicator.
    query = query.where((e) =>
      e(e.refTuple('list_id', 'kind', 'value'), '>', e.tuple(listId, kind as IocIndicatorsTable['kind'], value)),
    )
  }
  return await query.orderBy('list_id').orderBy('kind').orderBy('value').limit(limit).execute()
}

export async function indicatorsLike(
  db: IocDb,
  asked: {
    readonly q?: string | undefined
    readonly list?: string | undefined
    readonly after?: string | undefined
    readonly limit: number
  },
): Promise<IocIndicatorsTable[]> {
  const { q, list, after, limit } = asked
  let query = db.selectFrom('detect_ioc_indicators').selectAll()
  if (list !== undefined) query = query.where('list_id', '=', list)
  // A range, not LIKE: the index answers it.
  if (q !== undefined && q !== '') query = query.where('value', '>=', q).where('value', '<', `${q}\u{10ffff}`)
  if (after !== undefined) query = query.where('value', '>', after)
  return await query.orderBy('value').orderBy('list_id').limit(limit).execute()
}

/** The oldest indicators for which stored events are still to be searched. */
export async function waitingForPast(db: IocDb, limit: number): Promise<IocIndicatorsTable[]> {
  return await db.selectFrom('detect_ioc_indicators').selectAll().where('past', '=', 0).orderBy('added').limit(limit).execute()
}

export async function countWaiting(db: IocDb): Promise<number> {
  const row = await db
    .selectFrom('detect_ioc_indicators')
    .select((e) => e.fn.countAll<number>().as('many'))
    .where('past', '=', 0)
    .executeTakeFirstOrThrow()
  return Number(row.many)
}

export async function markSearched(
  db: IocDb,
  rows: readonly Pick<IocIndicatorsTable, 'list_id' | 'kind' | 'value'>[],
): Promise<void> {
  for (const [listId, of] of Map.groupBy(rows, (row) => row.list_id)) {
    for (let at = 0; at < of.length; at += ROWS_A_STATEMENT) {
      await db
        .updateTable('detect_ioc_indicators')
        .set({ past: 1 })
        .where('list_id', '=', listId)
        .where(
          'value',
          'in',
          of.slice(at, at + ROWS_A_STATEMENT).map(({ value }) => value),
        )
        .execute()
    }
  }
}

export async function markAllSearched(db: IocDb, addedUpTo: number): Promise<void> {
  await db.updateTable('detect_ioc_indicators').set({ past: 1 }).where('past', '=', 0).where('added', '<=', addedUpTo).execute()
}

/** Forgets indicators that ended before a time. */
export async function forgetEnded(db: IocDb, before: number): Promise<number> {
  const { numDeletedRows } = await db.deleteFrom('detect_ioc_indicators').where('until', '<', before).executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

/** A text that differs from what it was whenever a list came, went or changed. */
export async function lastChange(db: IocDb): Promise<string> {
  const rows = await db.selectFrom('detect_ioc_lists').select(['id', 'changed']).orderBy('id').execute()
  return rows.map(({ id, changed }) => `${id} ${changed}`).join('\n')
}
