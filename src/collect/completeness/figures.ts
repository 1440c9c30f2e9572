import type { Kysely } from 'kysely'
import { CLOCK_AHEAD_MS, CLOCK_BEHIND_MS } from '../../kernel/clock-trust.ts'
import type { CollectTables } from '../tables.ts'
import { EXPECTED_AFTER_MINUTES } from './heard.ts'

type Db = Kysely<CollectTables>
const NAMED = 20

export interface HostFigures {
  /** Hosts that are expected to send, a host by source. */
  readonly watched: number
  /** Heard too short a time to be expected. */
  readonly young: number
  readonly silent: number
  readonly skewed: number
  /** At most 20 each, `host by source`. */
  readonly names: { readonly silent: readonly string[]; readonly skewed: readonly string[] }
}

/** Rows whose clock is beyond belief: the shortest delay of the present window, or of the last one. */
export function skewedHosts(db: Db, scope: string) {
  return db
    .selectFrom('collect_hosts')
    .where('scope', '=', scope)
    .where(({ eb, fn, or }) => {
      const delay = fn.coalesce('skew_growing', 'skew_delay')
      return or([eb(delay, '<', -CLOCK_AHEAD_MS), eb(delay, '>', CLOCK_BEHIND_MS)])
    })
}

export async function hostFigures(db: Db, scope: string): Promise<HostFigures> {
  const all = db.selectFrom('collect_hosts').where('scope', '=', scope)
  const counted = await all
    .select(({ eb, fn }) => [
      fn.countAll<number>().as('hosts'),
      fn.sum<number>(eb.case().when('minutes', '>=', EXPECTED_AFTER_MINUTES).then(1).else(0).end()).as('watched'),
      fn.sum<number>(eb.case().when('silent_since', 'is not', null).then(1).else(0).end()).as('silent'),
    ])
    .executeTakeFirstOrThrow()
  const skewed = await skewedHosts(db, scope)
    .where('minutes', '>=', EXPECTED_AFTER_MINUTES)
    .select((eb) => eb.fn.countAll<number>().as('hosts'))
    .executeTakeFirstOrThrow()
  const named = (rows: readonly { readonly host: string; readonly source: string }[]): string[] =>
    rows.map(({ host, source }) => `${host} by ${source}`)
  const silentRows = await all
    .select(['host', 'source'])
    .where('silent_since', 'is not', null)
    .orderBy('last_seen')
    .limit(NAMED)
    .execute()
  const skewedRows = await skewedHosts(db, scope)
    .select(['host', 'source'])
    .where('minutes', '>=', EXPECTED_AFTER_MINUTES)
    .orderBy('host')
    .limit(NAMED)
    .execute()
  const watched = Number(counted.watched ?? 0)
  return {
    watched,
    young: Number(counted.hosts) - watched,
    silent: Number(counted.silent ?? 0),
    skewed: Number(skewed.hosts),
    names: { silent: named(silentRows), skewed: named(skewedRows) },
  }
}

/** Records known to be lost in [from, to), and how many came. */
export async function lostBetween(
  db: Db,
  scope: string,
  from: number,
  to: number,
): Promise<{ readonly lost: number; readonly received: number; readonly sources: readonly { source: string; lost: number }[] }> {
  const rows = await db
    .selectFrom('collect_minutes')
    .select(({ fn }) => ['source', fn.sum<number>('gaps').as('lost'), fn.sum<number>('received').as('received')])
    .where('scope', '=', scope)
    .where('minute', '>=', from)
    .where('minute', '<', to)
    .groupBy('source')
    .execute()
  const sum = (pick: 'lost' | 'received'): number => rows.reduce((total, row) => total + Number(row[pick]), 0)
  const sources = rows
    .map((row) => ({ source: row.source, lost: Number(row.lost) }))
    .filter((row) => row.lost > 0)
    .sort((a, b) => b.lost - a.lost || (a.source < b.source ? -1 : 1))
  return { lost: sum('lost'), received: sum('received'), sources: sources.slice(0, NAMED) }
}
