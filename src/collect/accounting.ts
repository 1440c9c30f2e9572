import type { Kysely } from 'kysely'
import { KanpekiError } from '../kernel/error.ts'
import type { CommitResult } from './commit.ts'
import { imbalance, NO_COUNTS } from './counts.ts'
import { addMasked } from './masking/queries.ts'
import { addToMinute, addToSource, type Db, pruneMinutes } from './queries.ts'
import type { SourceKind } from './schema.ts'
import { kindOf } from './source-kind.ts'
import type { CollectTables, SourcesTable } from './tables.ts'

export const MINUTE_MS = 60_000
/** How long minutes are kept: a quarter's objectives can be measured. */
export const MINUTES_KEPT_MS = 100 * 86_400_000

/** The longest silence that is normal where nobody said otherwise, seconds. An import ends; the others must not fall silent unseen. */
const EXPECTED_SECONDS: Readonly<Record<SourceKind, number | null>> = {
  http: 3600,
  syslog: 3600,
  gelf: 3600,
  file: 3600,
  import: null,
}

/**
 * Adds one committed batch to its source's accounts, in the transaction that records the batch's consequences, so that a
 * restart continues where the accounts stand.
 * @param now milliseconds UTC.
 * @throws KanpekiError `counts_unbalanced` if the batch's own counts do not add up.
 */
export async function applyCounts<T>(
  trx: Kysely<T>,
  source: string,
  scope: string,
  result: CommitResult,
  now: number,
): Promise<void> {
  const { counts } = result
  const wrong = imbalance(counts)
  if (wrong !== undefined) throw new KanpekiError('counts_unbalanced', `The accounts of ${source} would not add up: ${wrong}.`)
  const db = trx as unknown as Db
  await addToSource(db, {
    ...newRow(scope, source, now),
    ...counts,
    last_event: counts.stored > 0 ? now : null,
    lag_ms: counts.stored > 0 && result.observed !== undefined ? now - result.observed : null,
  })
  await addToMinute(db, { scope, source, minute: now - (now % MINUTE_MS), ...counts })
  for (const [rule, masked] of result.masked ?? [])
    await addMasked(trx as unknown as Kysely<CollectTables>, { scope, rule, masked, last_at: now })
}

/** A source that nothing is known of yet. */
export function newRow(scope: string, id: string, now: number): SourcesTable {
  const kind = kindOf(id)
  return {
    scope,
    id,
    kind,
    title: id,
    enabled: 1,
    config: '',
    zone_minutes: 0,
    zone: '',
    parsers: '[]',
    expected_seconds: EXPECTED_SECONDS[kind],
    created: now,
    last_event: null,
    lag_ms: null,
    ...NO_COUNTS,
  }
}

/** Forgets minutes older than the accounts keep; the sums since the beginning stay. */
export async function forgetOldMinutes<T>(db: Kysely<T>, now: number): Promise<void> {
  await pruneMinutes(db as unknown as Kysely<CollectTables>, now - MINUTES_KEPT_MS)
}
