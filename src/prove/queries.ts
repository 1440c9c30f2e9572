import type { Kysely } from 'kysely'
import type { EntryType } from '../kernel/evidence.ts'
import type { StateTables } from '../platform/state/tables.ts'
import { insertDeeds } from './audit/queries.ts'
import type { ProveEntryRow, ProveErasedRow, ProveTables } from './tables.ts'
import { batchId, type ReadEntry, type Subject } from './verify/entry.ts'

type Db = Kysely<ProveTables & Pick<StateTables, 'outbox' | 'counters'>>

export const DAY_MS = 86_400_000
/** Parameters a statement may carry are limited; a row of the widest table has 7. */
const ROWS_A_STATEMENT = 1000

/** An entry as the index keeps it, with what it is about. */
export interface IndexedEntry {
  readonly index: number
  readonly entry: ReadEntry
  readonly subjects: readonly Subject[]
}

/** Adds entries to the index; the caller sees that each is added once, in the transaction that also moves on. */
export async function insertEntries(trx: Db, entries: readonly IndexedEntry[]): Promise<void> {
  const rows = entries.map(({ index, entry }) => ({
    idx: index,
    scope: entry.scope,
    type: entry.type as EntryType,
    outbox: entry.outbox,
    observed: Date.parse(entry.observed),
    received: Date.parse(entry.received),
    logged: Date.parse(entry.logged),
  }))
  const subjects = entries.flatMap(({ index, entry, subjects }) =>
    subjects.map(({ kind, id }) => ({ kind, id, idx: index, scope: entry.scope })),
  )
  await insertDeeds(trx, entries)
  for (const part of parts(rows)) await trx.insertInto('prove_entries').values(part).execute()
  for (const part of parts(subjects)) await trx.insertInto('prove_subjects').values(part).execute()
  for (const part of parts(growthOf(rows))) {
    await trx
      .insertInto('prove_growth')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns(['scope', 'day', 'type']).doUpdateSet((eb) => ({
          entries: eb('prove_growth.entries', '+', eb.ref('excluded.entries')),
        })),
      )
      .execute()
  }
}

function* parts<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) yield rows.slice(at, at + ROWS_A_STATEMENT)
}

function growthOf(rows: readonly { scope: string; type: EntryType; logged: number }[]) {
  const counts = new Map<string, { scope: string; day: number; type: EntryType; entries: number }>()
  for (const { scope, type, logged } of rows) {
    const day = Math.floor(logged / DAY_MS)
    const key = JSON.stringify([scope, day, type])
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { scope, day, type, entries: 1 })
    else known.entries++
  }
  return [...counts.values()]
}

/** The newest indexed entry, of any scope. */
export async function lastIndexed(db: Db): Promise<Pick<ProveEntryRow, 'idx' | 'outbox'> | undefined> {
  return db.selectFrom('prove_entries').select(['idx', 'outbox']).orderBy('idx', 'desc').limit(1).executeTakeFirst()
}

/** The last outbox sequence that was ever given, 0 if none. */
export async function lastRecorded(db: Db): Promise<number> {
  const row = await db.selectFrom('counters').select('value').where('name', '=', 'outbox').executeTakeFirst()
  return row?.value ?? 0
}

/** Lets the next sequence follow `last`, for a state store that is older than the ledger. */
export async function raiseRecorded(trx: Db, last: number): Promise<void> {
  await trx
    .insertInto('counters')
    .values({ name: 'outbox', value: last })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: last }))
    .execute()
}

export async function pendingCount(db: Db, logged: number): Promise<number> {
  const row = await db
    .selectFrom('outbox')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('seq', '>', logged)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

export interface EntryFilter {
  readonly scope: string
  readonly type?: EntryType | undefined
  readonly subject?: { readonly kind?: string | undefined; readonly id: string } | undefined
  /** Logged at or after, milliseconds UTC. */
  readonly from?: number | undefined
  /** Logged before. */
  readonly to?: number | undefined
  /** Only entries with a smaller index. */
  readonly before?: number | undefined
  readonly limit: number
}

/** Indexes of matching entries, newest first. */
export async function findEntries(db: Db, filter: EntryFilter): Promise<readonly number[]> {
  const { scope, type, subject, from, to, before, limit } = filter
  let query = db.selectFrom('prove_entries as entry').select('entry.idx').where('entry.scope', '=', scope)
  if (type !== undefined) query = query.where('entry.type', '=', type)
  if (from !== undefined) query = query.where('entry.logged', '>=', from)
  if (to !== undefined) query = query.where('entry.logged', '<', to)
  if (before !== undefined) query = query.where('entry.idx', '<', before)
  if (subject !== undefined) {
    query = query.where(({ exists, selectFrom }) => {
      let about = selectFrom('prove_subjects as subject')
        .select('subject.idx')
        .whereRef('subject.idx', '=', 'entry.idx')
        .where('subject.scope', '=', scope)
        .where('subject.id', '=', subject.id)
      if (subject.kind !== undefined) about = about.where('subject.kind', '=', subject.kind)
      return exists(about)
    })
  }
  const rows = await query.orderBy('entry.idx', 'desc').limit(limit).execute()
  return rows.map((row) => row.idx)
}

const INDEXES_A_QUESTION = 500

/** Ids of this kind that these entries name, each once. */
export async function subjectsAmong(db: Db, indexes: readonly number[], kind: string): Promise<readonly string[]> {
  const ids = new Set<string>()
  for (let at = 0; at < indexes.length; at += INDEXES_A_QUESTION) {
    const rows = await db
      .selectFrom('prove_subjects')
      .select('id')
      .distinct()
      .where('kind', '=', kind)
      .where('idx', 'in', indexes.slice(at, at + INDEXES_A_QUESTION))
      .execute()
    for (const { id } of rows) ids.add(id)
  }
  return [...ids]
}

/** Entries a day from `since` on (days since 1970), of all scopes: the log is one. */
export async function growthSince(db: Db, since: number): Promise<ReadonlyMap<number, number>> {
  const rows = await db
    .selectFrom('prove_growth')
    .select((eb) => ['day', eb.fn.sum<number>('entries').as('entries')])
    .where('day', '>=', since)
    .groupBy('day')
    .execute()
  return new Map(rows.map((row) => [row.day, Number(row.entries)]))
}

export async function countByType(db: Db): Promise<readonly { readonly type: EntryType; readonly entries: number }[]> {
  const rows = await db
    .selectFrom('prove_growth')
    .select((eb) => ['type', eb.fn.sum<number>('entries').as('entries')])
    .groupBy('type')
    .orderBy('type')
    .execute()
  return rows.map((row) => ({ type: row.type, entries: Number(row.entries) }))
}

/** The entry of a batch, whatever scope it was logged under: a batch may hold events of several. */
export async function batchEntryIndex(db: Db, writer: string, sequence: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('prove_subjects')
    .select('idx')
    .where('kind', '=', 'batch')
    .where('id', '=', batchId(writer, sequence))
    .limit(1)
    .executeTakeFirst()
  return row?.idx
}

/** Where entries known by their outbox sequence stand in the log; those not yet logged are absent. */
export async function ledgerPlaces(db: Kysely<ProveTables>, outbox: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (outbox.length === 0) return new Map()
  const rows = await db.selectFrom('prove_entries').select(['idx', 'outbox']).where('outbox', 'in', outbox).execute()
  return new Map(rows.map((row) => [row.outbox, row.idx]))
}

export async function erasedRow(db: Db, writer: string, sequence: number): Promise<ProveErasedRow | undefined> {
  return await db
    .selectFrom('prove_erased')
    .selectAll()
    .where('writer', '=', writer)
    .where('sequence', '=', sequence)
    .executeTakeFirst()
}

export async function putErased(db: Db, row: ProveErasedRow): Promise<void> {
  const { events, nodes } = row
  await db
    .insertInto('prove_erased')
    .values(row)
    .onConflict((conflict) => conflict.columns(['writer', 'sequence']).doUpdateSet({ events, nodes }))
    .execute()
}

/** Of batches from `first` to `last`. */
export async function erasedRows(db: Db, writer: string, first: number, last: number): Promise<readonly ProveErasedRow[]> {
  return await db
    .selectFrom('prove_erased')
    .selectAll()
    .where('writer', '=', writer)
    .where('sequence', '>=', first)
    .where('sequence', '<=', last)
    .execute()
}

export async function deleteErased(db: Db, writer: string, first: number, last: number): Promise<void> {
  await db
    .deleteFrom('prove_erased')
    .where('writer', '=', writer)
    .where('sequence', '>=', first)
    .where('sequence', '<=', last)
    .execute()
}
