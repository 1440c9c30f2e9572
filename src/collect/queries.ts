import type { Kysely } from 'kysely'
import { NO_COUNTS } from './counts.ts'
import type { Counts, SourceChange } from './schema.ts'
import type { CollectTables, MinutesTable, SourcesTable } from './tables.ts'

export type Db = Kysely<CollectTables>

const COUNT_NAMES = Object.keys(NO_COUNTS) as (keyof Counts)[]

/** Adds one batch to a source's row, which is made if there is none. */
export async function addToSource(db: Db, row: SourcesTable): Promise<void> {
  await db
    .insertInto('collect_sources')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['scope', 'id']).doUpdateSet((eb) => ({
        ...Object.fromEntries(COUNT_NAMES.map((name) => [name, eb(`collect_sources.${name}`, '+', eb.ref(`excluded.${name}`))])),
        last_event: eb.fn.coalesce('excluded.last_event', 'collect_sources.last_event'),
        lag_ms: eb.fn.coalesce('excluded.lag_ms', 'collect_sources.lag_ms'),
      })),
    )
    .execute()
}

export async function addToMinute(db: Db, row: MinutesTable): Promise<void> {
  await db
    .insertInto('collect_minutes')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['scope', 'source', 'minute'])
        .doUpdateSet((eb) =>
          Object.fromEntries(COUNT_NAMES.map((name) => [name, eb(`collect_minutes.${name}`, '+', eb.ref(`excluded.${name}`))])),
        ),
    )
    .execute()
}

/** Writes a configured source; its accounts, if it has any, stay. */
export async function writeSource(db: Db, row: SourcesTable): Promise<void> {
  const { title, enabled, config, zone_minutes, parsers, expected_seconds } = row
  await db
    .insertInto('collect_sources')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['scope', 'id']).doUpdateSet({ title, enabled, config, zone_minutes, parsers, expected_seconds }),
    )
    .execute()
}

export async function changeSource(db: Db, scope: string, id: string, change: SourceChange): Promise<void> {
  const values = {
    ...(change.enabled === undefined ? {} : { enabled: change.enabled ? (1 as const) : (0 as const) }),
    ...(change.title === undefined ? {} : { title: change.title }),
    ...(change.expectedSeconds === undefined ? {} : { expected_seconds: change.expectedSeconds }),
  }
  if (Object.keys(values).length === 0) return
  await db.updateTable('collect_sources').set(values).where('scope', '=', scope).where('id', '=', id).execute()
}

export async function readSources(db: Db, scope: string): Promise<SourcesTable[]> {
  return await db.selectFrom('collect_sources').selectAll().where('scope', '=', scope).orderBy('id').execute()
}

export async function readSource(db: Db, scope: string, id: string): Promise<SourcesTable | undefined> {
  return await db.selectFrom('collect_sources').selectAll().where('scope', '=', scope).where('id', '=', id).executeTakeFirst()
}

/** Sources of every scope that are to be opened. */
export async function readConfigured(db: Db): Promise<SourcesTable[]> {
  return await db
    .selectFrom('collect_sources')
    .selectAll()
    .where('enabled', '=', 1)
    .where('config', '!=', '')
    .orderBy('scope')
    .orderBy('id')
    .execute()
}

/** Minutes from `from` on, oldest first. */
export async function readMinutes(db: Db, scope: string, from: number): Promise<MinutesTable[]> {
  return await db
    .selectFrom('collect_minutes')
    .selectAll()
    .where('scope', '=', scope)
    .where('minute', '>=', from)
    .orderBy('minute')
    .execute()
}

/** All sources' counts since `from`. */
export async function sumSince(db: Db, scope: string, from: number): Promise<Counts> {
  const row = await db
    .selectFrom('collect_minutes')
    .select((eb) => COUNT_NAMES.map((name) => eb.fn.coalesce(eb.fn.sum<number>(name), eb.lit(0)).as(name)))
    .where('scope', '=', scope)
    .where('minute', '>=', from)
    .executeTakeFirst()
  return Object.fromEntries(COUNT_NAMES.map((name) => [name, Number(row?.[name] ?? 0)])) as Counts
}

export async function pruneMinutes(db: Db, before: number): Promise<void> {
  await db.deleteFrom('collect_minutes').where('minute', '<', before).execute()
}

/** How a source's minutes lie in a window; see completeness.ts for what becomes of them. */
export interface MinuteFacts {
  source: string
  /** First and last minute in the window with an event; null if there is none. */
  first: number | null
  last: number | null
  /** Minutes beyond the expected interval between neighbouring minutes with events. */
  silent: number
}

/**
 * Of each source with an expected interval, how it was silent between its events in [from, to).
 * The interval is rounded up to whole minutes, which is as fine as the accounts are.
 */
export async function silentMinutes(db: Db, scope: string, from: number, to: number): Promise<MinuteFacts[]> {
  const steps = db
    .selectFrom('collect_minutes as m')
    .innerJoin('collect_sources as s', (join) => join.onRef('s.scope', '=', 'm.scope').onRef('s.id', '=', 'm.source'))
    .select((eb) => [
      'm.source',
      'm.minute',
      's.expected_seconds',
      eb.fn
        .agg<number | null>('lag', ['m.minute'])
        .over((over) => over.partitionBy('m.source').orderBy('m.minute'))
        .as('before'),
    ])
    .where('m.scope', '=', scope)
    .where('m.minute', '>=', from)
    .where('m.minute', '<', to)
    .where('m.received', '>', 0)
    .where('s.expected_seconds', 'is not', null)
  const rows = await db
    .selectFrom(steps.as('t'))
    .select((eb) => {
      // Kysely writes nested operations without parentheses of its own; literals keep SQLite's division whole.
      const expected = eb(eb.parens('t.expected_seconds', '+', eb.lit(59)), '/', eb.lit(60))
      const apart = eb(eb.parens('t.minute', '-', eb.ref('t.before')), '/', eb.lit(60_000))
      const beyond = eb.parens(eb(eb(apart, '-', expected), '-', eb.lit(1)))
      return [
        't.source',
        eb.fn.min('t.minute').as('first'),
        eb.fn.max('t.minute').as('last'),
        eb.fn.sum<number>(eb.case().when(beyond, '>', eb.lit(0)).then(beyond).else(eb.lit(0)).end()).as('silent'),
      ]
    })
    .groupBy('t.source')
    .execute()
  return rows.map((row) => ({ ...row, silent: Number(row.silent) }))
}

/** The last minute with an event before `before`, by source. */
export async function lastMinutes(db: Db, scope: string, before: number): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('collect_minutes')
    .select((eb) => ['source', eb.fn.max('minute').as('last')])
    .where('scope', '=', scope)
    .where('minute', '<', before)
    .where('received', '>', 0)
    .groupBy('source')
    .execute()
  return new Map(rows.map((row) => [row.source, row.last]))
}

/** In how many minutes of [from, to) each source lost something. */
export async function gapMinutes(db: Db, scope: string, from: number, to: number): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('collect_minutes')
    .select((eb) => ['source', eb.fn.countAll<number>().as('minutes')])
    .where('scope', '=', scope)
    .where('minute', '>=', from)
    .where('minute', '<', to)
    .where('gaps', '>', 0)
    .groupBy('source')
    .execute()
  return new Map(rows.map((row) => [row.source, Number(row.minutes)]))
}
