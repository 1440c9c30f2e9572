import type { Kysely } from 'kysely'
import { jsonText } from '../platform/state/columns.ts'
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

/** Adds one batch to its minute. How long the source was quiet before is found here, so that nobody must search for silence later. */
export async function addToMinute(db: Db, row: Omit<MinutesTable, 'quiet'>): Promise<void> {
  const before = await lastMinute(db, row.scope, row.source, row.minute)
  await db
    .insertInto('collect_minutes')
    .values({ ...row, quiet: before === undefined ? 0 : Math.round((row.minute - before) / 60_000) })
    .onConflict((conflict) =>
      conflict
        .columns(['scope', 'source', 'minute'])
        .doUpdateSet((eb) =>
          Object.fromEntries(COUNT_NAMES.map((name) => [name, eb(`collect_minutes.${name}`, '+', eb.ref(`excluded.${name}`))])),
        ),
    )
    .execute()
}

/** The last minute before `before` in which a source sent something. */
export async function lastMinute(db: Db, scope: string, source: string, before: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('collect_minutes')
    .select('minute')
    .where('scope', '=', scope)
    .where('source', '=', source)
    .where('minute', '<', before)
    .where('received', '>', 0)
    .orderBy('minute', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.minute
}

/** Writes a configured source; its accounts, if it has any, stay. */
export async function writeSource(db: Db, row: SourcesTable): Promise<void> {
  const { title, enabled, config, zone_minutes, zone, parsers, expected_seconds } = row
  await db
    .insertInto('collect_sources')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['scope', 'id']).doUpdateSet({ title, enabled, config, zone_minutes, zone, parsers, expected_seconds }),
    )
    .execute()
}

export async function changeSource(db: Db, scope: string, id: string, change: SourceChange): Promise<void> {
  const values = {
    ...(change.enabled === undefined ? {} : { enabled: change.enabled ? (1 as const) : (0 as const) }),
    ...(change.title === undefined ? {} : { title: change.title }),
    ...(change.expectedSeconds === undefined ? {} : { expected_seconds: change.expectedSeconds }),
    ...(change.zone === undefined ? {} : { zone: change.zone }),
    ...(change.mapping === undefined ? {} : { config: change.mapping === null ? '' : jsonText({ mapping: change.mapping }) }),
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

export async function readEverySource(db: Db): Promise<SourcesTable[]> {
  return await db.selectFrom('collect_sources').selectAll().execute()
}

/** Zones of sources by name, of every scope. */
export async function readZones(db: Db): Promise<{ readonly scope: string; readonly id: string; readonly zone: string }[]> {
  return await db.selectFrom('collect_sources').select(['scope', 'id', 'zone']).where('zone', '!=', '').execute()
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
  /** First and last minute with a record; undefined if there is none. */
  readonly events: { readonly first: number; readonly last: number } | undefined
  /** Minutes beyond `allowed` between neighbouring minutes with records. */
  readonly silent: number
  /** Minutes in which something was lost. */
  readonly lost: number
}

/** @param allowed how many minutes may lie from one record's minute to the next's. */
export async function minuteFacts(
  db: Db,
  scope: string,
  source: string,
  from: number,
  to: number,
  allowed: number,
): Promise<MinuteFacts> {
  const within = db
    .selectFrom('collect_minutes')
    .where('scope', '=', scope)
    .where('source', '=', source)
    .where('minute', '>=', from)
    .where('minute', '<', to)
  const first = await within.select(['minute', 'quiet']).where('received', '>', 0).orderBy('minute').limit(1).executeTakeFirst()
  const beyond = (quiet: number): number => Math.max(0, quiet - allowed)
  const sums = await within
    .select((eb) => {
      const sent = eb('received', '>', 0)
      const silent = eb.and([sent, eb('quiet', '>', allowed)])
      return [
        eb.fn.max(eb.case().when(sent).then(eb.ref('minute')).else(null).end()).as('last'),
        eb.fn
          .sum<number>(
            eb
              .case()
              .when(silent)
              .then(eb('quiet', '-', eb.lit(allowed)))
              .else(eb.lit(0))
              .end(),
          )
          .as('silent'),
        eb.fn.sum<number>(eb.case().when('gaps', '>', 0).then(eb.lit(1)).else(eb.lit(0)).end()).as('lost'),
      ]
    })
    .executeTakeFirst()
  const last = sums?.last ?? null
  return {
    events: first === undefined || last === null ? undefined : { first: first.minute, last },
    // What lies before the window's first record is judged by its distance from the record before the window.
    silent: Number(sums?.silent ?? 0) - (first === undefined ? 0 : beyond(first.quiet)),
    lost: Number(sums?.lost ?? 0),
  }
}
