import type { Insertable, Kysely, Selectable } from 'kysely'
import { MINUTE_MS, newRow } from '../accounting.ts'
import { NO_COUNTS } from '../counts.ts'
import { MINIMUM_KINDS } from '../minimum-events/schema.ts'
import { type Db as AccountsDb, addToMinute, addToSource } from '../queries.ts'
import type { CompletenessTables, HostsTable, KindsTable, SilencesTable, StreamsTable, WatchedTable } from './tables.ts'

export type Db = Kysely<CompletenessTables>

/** Keeps a statement below the number of parameters that both databases take. */
const ROWS_A_STATEMENT = 500

/** The hosts heard last, at most `limit`. */
export async function readHosts(db: Db, limit: number): Promise<Selectable<HostsTable>[]> {
  return await db.selectFrom('collect_hosts').selectAll().orderBy('last_seen', 'desc').limit(limit).execute()
}

export async function readStreams(db: Db, limit: number): Promise<Selectable<StreamsTable>[]> {
  return await db.selectFrom('collect_streams').selectAll().orderBy('sequence', 'desc').limit(limit).execute()
}

export async function readKinds(db: Db): Promise<KindsTable[]> {
  return await db.selectFrom('collect_kinds').selectAll().execute()
}

export async function readWatched(db: Db, writer: string): Promise<WatchedTable | undefined> {
  return await db.selectFrom('collect_watched').selectAll().where('writer', '=', writer).executeTakeFirst()
}

export async function writeWatched(db: Db, row: WatchedTable): Promise<void> {
  const { sequence, unfollowed } = row
  await db
    .insertInto('collect_watched')
    .values(row)
    .onConflict((c) => c.column('writer').doUpdateSet({ sequence, unfollowed }))
    .execute()
}

const HOST_COLUMNS = [
  'last_seen',
  'events',
  'minutes',
  'silence_1',
  'silence_2',
  'silence_3',
  'usual',
  'period',
  'skew_since',
  'skew_growing',
  'skew_delay',
  'ahead',
  'behind',
  'kinds',
  'sequence',
] as const satisfies readonly (keyof HostsTable)[]

/** Writes hosts as they stand; what the sweep keeps in their rows stays. */
export async function writeHosts(db: Db, rows: readonly Insertable<HostsTable>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
    await db
      .insertInto('collect_hosts')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((c) =>
        c
          .columns(['scope', 'source', 'host'])
          .doUpdateSet((eb) => Object.fromEntries(HOST_COLUMNS.map((name) => [name, eb.ref(`excluded.${name}`)]))),
      )
      .execute()
  }
}

const STREAM_COLUMNS = [
  'next',
  'steps',
  'jumps',
  'missing',
  'duplicates',
  'resets',
  'observed',
  'holes',
  'density',
  'sequence',
] as const satisfies readonly (keyof StreamsTable)[]

export async function writeStreams(db: Db, rows: readonly Insertable<StreamsTable>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
    await db
      .insertInto('collect_streams')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((c) =>
        c
          .columns(['scope', 'source', 'host', 'stream'])
          .doUpdateSet((eb) => Object.fromEntries(STREAM_COLUMNS.map((name) => [name, eb.ref(`excluded.${name}`)]))),
      )
      .execute()
  }
}

/** @param times by place in MINIMUM_KINDS, 0 where there was none. */
export async function writeKinds(
  db: Db,
  scope: string,
  times: { readonly first: readonly number[]; readonly last: readonly number[] },
): Promise<void> {
  for (const [at, kind] of MINIMUM_KINDS.entries()) {
    if (times.last[at] === 0) continue
    const last_seen = times.last[at]!
    await db
      .insertInto('collect_kinds')
      .values({ scope, kind, first_seen: times.first[at]!, last_seen })
      .onConflict((c) => c.columns(['scope', 'kind']).doUpdateSet({ last_seen }))
      .execute()
  }
}

/** Counts records that are known to be lost in their source's accounts, as the sources themselves do. */
export async function addGaps<T>(trx: Kysely<T>, scope: string, source: string, gaps: number, now: number): Promise<void> {
  const db = trx as unknown as AccountsDb
  await addToSource(db, { ...newRow(scope, source, now), gaps })
  await addToMinute(db, { scope, source, minute: now - (now % MINUTE_MS), ...NO_COUNTS, gaps })
}

/** Hosts that are silent beyond `before` and not yet told of, oldest first. */
export async function quietHosts(db: Db, before: number, minutes: number, limit: number): Promise<Selectable<HostsTable>[]> {
  return await db
    .selectFrom('collect_hosts')
    .selectAll()
    .where('last_seen', '<', before)
    .where('silent_since', 'is', null)
    .where('minutes', '>=', minutes)
    .orderBy('last_seen')
    .limit(limit)
    .execute()
}

/** Hosts told of as silent that were heard since. */
export async function heardAgain(db: Db, limit: number): Promise<Selectable<HostsTable>[]> {
  return await db.selectFrom('collect_hosts').selectAll().whereRef('last_seen', '>', 'silent_since').limit(limit).execute()
}

export async function markSilent(
  db: Db,
  { scope, source, host }: Pick<HostsTable, 'scope' | 'source' | 'host'>,
  silent_since: number | null,
): Promise<void> {
  await db
    .updateTable('collect_hosts')
    .set({ silent_since })
    .where('scope', '=', scope)
    .where('source', '=', source)
    .where('host', '=', host)
    .execute()
}

/** Forgets hosts that were not heard for so long that nobody misses them any more. */
export async function forgetHosts(db: Db, before: number): Promise<void> {
  await db
    .deleteFrom('collect_streams')
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('collect_hosts')
          .select('collect_hosts.host')
          .whereRef('collect_hosts.scope', '=', 'collect_streams.scope')
          .whereRef('collect_hosts.source', '=', 'collect_streams.source')
          .whereRef('collect_hosts.host', '=', 'collect_streams.host')
          .where('collect_hosts.last_seen', '<', before),
      ),
    )
    .execute()
  await db.deleteFrom('collect_hosts').where('last_seen', '<', before).execute()
}

export async function toldSilences(db: Db): Promise<SilencesTable[]> {
  return await db.selectFrom('collect_silences').selectAll().execute()
}

export async function markSourceSilent(db: Db, scope: string, source: string, last_event: number): Promise<void> {
  await db
    .insertInto('collect_silences')
    .values({ scope, source, last_event })
    .onConflict((c) => c.columns(['scope', 'source']).doUpdateSet({ last_event }))
    .execute()
}
