import type { Kysely } from 'kysely'
import type { SamplesTable, SeriesTable, SeriesTables } from './tables.ts'

/** `state.scoped(scope)` for a caller; the whole store for what is pulled. */
export type SeriesDb = Kysely<SeriesTables>

export async function allSeries(db: SeriesDb): Promise<SeriesTable[]> {
  return await db.selectFrom('declare_series').selectAll().orderBy('scope').orderBy('id').execute()
}

export async function seriesById(db: SeriesDb, scope: string, id: string): Promise<SeriesTable | undefined> {
  return await db.selectFrom('declare_series').selectAll().where('scope', '=', scope).where('id', '=', id).executeTakeFirst()
}

export async function saveSeries(db: SeriesDb, row: SeriesTable): Promise<void> {
  const { scope: _scope, id: _id, created: _created, ...rest } = row
  await db
    .insertInto('declare_series')
    .values(row)
    .onConflict((conflict) => conflict.columns(['scope', 'id']).doUpdateSet(rest))
    .execute()
}

/** What was recorded of it stays in the ledger. */
export async function deleteSeries(db: SeriesDb, scope: string, id: string): Promise<void> {
  await db.deleteFrom('declare_samples').where('scope', '=', scope).where('series', '=', id).execute()
  await db.deleteFrom('declare_series').where('scope', '=', scope).where('id', '=', id).execute()
}

export async function noteAsked(
  db: SeriesDb,
  scope: string,
  id: string,
  asked: Pick<SeriesTable, 'asked_at' | 'failing_since' | 'fault'>,
): Promise<void> {
  await db.updateTable('declare_series').set(asked).where('scope', '=', scope).where('id', '=', id).execute()
}

export async function sampleAt(db: SeriesDb, scope: string, series: string, at: number): Promise<SamplesTable | undefined> {
  return await db
    .selectFrom('declare_samples')
    .selectAll()
    .where('scope', '=', scope)
    .where('series', '=', series)
    .where('at', '=', at)
    .executeTakeFirst()
}

export async function insertSample(db: SeriesDb, row: SamplesTable): Promise<void> {
  await db.insertInto('declare_samples').values(row).execute()
}

/** Oldest first; `to` exclusive. */
export async function samplesBetween(
  db: SeriesDb,
  scope: string,
  series: string,
  from: number,
  to: number,
): Promise<SamplesTable[]> {
  return await db
    .selectFrom('declare_samples')
    .selectAll()
    .where('scope', '=', scope)
    .where('series', '=', series)
    .where('at', '>=', from)
    .where('at', '<', to)
    .orderBy('at')
    .execute()
}

/** Parameters a statement may carry are limited. */
const SERIES_A_STATEMENT = 1000

export async function seriesByIds(db: SeriesDb, scope: string, ids: readonly string[]): Promise<SeriesTable[]> {
  const found: SeriesTable[] = []
  for (let at = 0; at < ids.length; at += SERIES_A_STATEMENT) {
    const some = ids.slice(at, at + SERIES_A_STATEMENT)
    found.push(
      ...(await db.selectFrom('declare_series').selectAll().where('scope', '=', scope).where('id', 'in', some).execute()),
    )
  }
  return found
}

/** The newest sample of each of these series within the times; `to` exclusive. */
export async function newestSamples(
  db: SeriesDb,
  scope: string,
  ids: readonly string[],
  from: number,
  to: number,
): Promise<SamplesTable[]> {
  const found: SamplesTable[] = []
  for (let at = 0; at < ids.length; at += SERIES_A_STATEMENT) {
    const newest = db
      .selectFrom('declare_samples')
      .select(['series', (e) => e.fn.max('at').as('at')])
      .where('scope', '=', scope)
      .where('series', 'in', ids.slice(at, at + SERIES_A_STATEMENT))
      .where('at', '>=', from)
      .where('at', '<', to)
      .groupBy('series')
    const rows = await db
      .selectFrom(newest.as('newest'))
      .innerJoin('declare_samples as sample', (join) =>
        join.onRef('sample.series', '=', 'newest.series').onRef('sample.at', '=', 'newest.at').on('sample.scope', '=', scope),
      )
      .selectAll('sample')
      .execute()
    found.push(...rows)
  }
  return found
}

export async function newestSample(db: SeriesDb, scope: string, series: string): Promise<SamplesTable | undefined> {
  return await db
    .selectFrom('declare_samples')
    .selectAll()
    .where('scope', '=', scope)
    .where('series', '=', series)
    .orderBy('at', 'desc')
    .limit(1)
    .executeTakeFirst()
}

export async function countSamples(db: SeriesDb, scope: string, series: string): Promise<number> {
  const row = await db
    .selectFrom('declare_samples')
    .select((e) => e.fn.countAll().as('n'))
    .where('scope', '=', scope)
    .where('series', '=', series)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

export async function forgetSamples(db: SeriesDb, before: number): Promise<void> {
  await db.deleteFrom('declare_samples').where('at', '<', before).execute()
}
