import type { Kysely, Selectable } from 'kysely'
import { bitOf } from '../minimum-events/classify.ts'
import { MINIMUM_EVENTS } from '../minimum-events/kinds.ts'
import { readSources } from '../queries.ts'
import type { CollectTables } from '../tables.ts'
import { hostFigures, skewedHosts } from './figures.ts'
import { EXPECTED_AFTER_MINUTES } from './heard.ts'
import type { HostList, HostsQuery, HostView, MinimumEventList, MinimumEventView } from './schema.ts'
import { allowedOf } from './silence.ts'
import { clockError, isSkewed, zoneLike } from './skew.ts'
import type { HostsTable, StreamsTable } from './tables.ts'

type Db = Kysely<CollectTables>

const STALE_MS = 7 * 86_400_000

/** Hosts of a scope with what is known of them; those that need a look first. */
export async function listHosts(db: Db, scope: string, { state, source, q, limit }: HostsQuery, now: number): Promise<HostList> {
  let found = state === 'skewed' ? skewedHosts(db, scope) : db.selectFrom('collect_hosts').where('scope', '=', scope)
  if (state === 'skewed') found = found.where('minutes', '>=', EXPECTED_AFTER_MINUTES)
  if (state === 'silent') found = found.where('silent_since', 'is not', null)
  if (state === 'gaps')
    found = found.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('collect_streams')
          .select('collect_streams.stream')
          .where('collect_streams.scope', '=', scope)
          .whereRef('collect_streams.source', '=', 'collect_hosts.source')
          .whereRef('collect_streams.host', '=', 'collect_hosts.host')
          .where('collect_streams.density', '=', 'dense')
          .where('collect_streams.missing', '>', 0),
      ),
    )
  if (source !== undefined) found = found.where('source', '=', source)
  const part = q
    .trim()
    .toLowerCase()
    .replaceAll(/[%_\\]/g, '_')
  if (part !== '') found = found.where(({ eb, fn }) => eb(fn<string>('lower', ['host']), 'like', `%${part}%`))
  const counted = await found.select((eb) => eb.fn.countAll<number>().as('n')).executeTakeFirstOrThrow()
  const rows = await found.selectAll().orderBy('last_seen').orderBy('host').orderBy('source').limit(limit).execute()
  const streams = await streamsOf(db, scope, rows)
  const expected = new Map((await readSources(db, scope)).map((row) => [row.id, row]))
  const figures = await hostFigures(db, scope)
  const { withGaps, unfollowed } = await gapFigures(db, scope)
  return {
    now: time(now),
    totals: {
      watched: figures.watched,
      young: figures.young,
      silent: figures.silent,
      skewed: figures.skewed,
      withGaps,
      unfollowed,
    },
    matched: Number(counted.n),
    hosts: rows.map((row) => hostOf(row, streams.get(keyOf(row)) ?? [], expected.get(row.source))),
  }
}

function hostOf(
  row: Selectable<HostsTable>,
  streams: readonly Selectable<StreamsTable>[],
  source: { readonly expected_seconds: number | null } | undefined,
): HostView {
  const error = clockError({ growing: row.skew_growing, delay: row.skew_delay })
  return {
    source: row.source,
    host: row.host,
    firstSeenAt: time(row.first_seen),
    lastSeenAt: time(row.last_seen),
    events: row.events,
    young: row.minutes < EXPECTED_AFTER_MINUTES,
    silent: row.silent_since !== null,
    allowedSeconds: allowedOf(row, source),
    clockErrorMs: error,
    skewed: isSkewed(error),
    zoneLikeMinutes: zoneLike(error),
    ahead: row.ahead,
    behind: row.behind,
    streams: streams.map(({ stream, density, missing, duplicates, resets }) => ({
      name: stream,
      density,
      missing,
      duplicates,
      resets,
    })),
  }
}

function keyOf(row: { readonly source: string; readonly host: string }): string {
  return `${row.source}\0${row.host}`
}

async function streamsOf(
  db: Db,
  scope: string,
  hosts: readonly { readonly source: string; readonly host: string }[],
): Promise<ReadonlyMap<string, Selectable<StreamsTable>[]>> {
  if (hosts.length === 0) return new Map()
  const rows = await db
    .selectFrom('collect_streams')
    .selectAll()
    .where('scope', '=', scope)
    .where('host', 'in', [...new Set(hosts.map((row) => row.host))])
    .orderBy('stream')
    .execute()
  return Map.groupBy(rows, keyOf)
}

async function gapFigures(db: Db, scope: string): Promise<{ readonly withGaps: number; readonly unfollowed: number }> {
  const gaps = await db
    .selectFrom(
      db
        .selectFrom('collect_streams')
        .select(['source', 'host'])
        .distinct()
        .where('scope', '=', scope)
        .where('density', '=', 'dense')
        .where('missing', '>', 0)
        .as('found'),
    )
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  const watched = await db
    .selectFrom('collect_watched')
    .select((eb) => eb.fn.sum<number>('unfollowed').as('n'))
    .executeTakeFirst()
  return { withGaps: Number(gaps.n), unfollowed: Number(watched?.n ?? 0) }
}

/** Which of the minimum set a scope receives, since when and from how many hosts. A missing kind is a blind spot. */
export async function listMinimumEvents(db: Db, scope: string, now: number): Promise<MinimumEventList> {
  const rows = new Map(
    (await db.selectFrom('collect_kinds').selectAll().where('scope', '=', scope).execute()).map((row) => [row.kind, row]),
  )
  const hosts = await db
    .selectFrom('collect_hosts')
    .select(({ eb, fn }) =>
      MINIMUM_EVENTS.map(({ id }) =>
        fn
          .sum<number>(
            eb
              .case()
              .when(eb(eb('kinds', '&', bitOf(id)), '!=', 0))
              .then(1)
              .else(0)
              .end(),
          )
          .as(id),
      ),
    )
    .where('scope', '=', scope)
    .executeTakeFirst()
  const events = MINIMUM_EVENTS.map(({ id, title, query, ways }): MinimumEventView => {
    const row = rows.get(id)
    return {
      id,
      title,
      query,
      ways: [...ways],
      state: row === undefined ? 'missing' : now - row.last_seen > STALE_MS ? 'stale' : 'received',
      firstSeenAt: row === undefined ? null : time(row.first_seen),
      lastSeenAt: row === undefined ? null : time(row.last_seen),
      hosts: Number(hosts?.[id] ?? 0),
    }
  })
  return { now: time(now), received: events.filter(({ state }) => state === 'received').length, events }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
