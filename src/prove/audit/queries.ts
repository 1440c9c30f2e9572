import type { Kysely } from 'kysely'
import type { ProveAuditRow, ProveTables } from '../tables.ts'
import type { ReadEntry } from '../verify/entry.ts'
import { deedOf, folded } from './read.ts'
import { AUDIT_TYPES, type AuditType } from './schema.ts'

type Db = Kysely<ProveTables>

const ROWS_A_STATEMENT = 1000

/** Puts what people did into the index, so that it is found without reading the log. */
export async function insertDeeds(
  trx: Db,
  entries: readonly { readonly index: number; readonly entry: ReadEntry }[],
): Promise<void> {
  const rows = entries.flatMap(({ index, entry }): ProveAuditRow[] => {
    const deed = deedOf(entry)
    if (deed === undefined) return []
    const { type, action, by } = deed
    const actor = { actor: folded(by?.id ?? ''), actor_name: folded(by?.name ?? '') }
    return [{ idx: index, scope: entry.scope, type, action, ...actor, observed: Date.parse(entry.observed) }]
  })
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
    await trx
      .insertInto('prove_audit')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) => conflict.column('idx').doNothing())
      .execute()
  }
}

/** Entries that an earlier version indexed without this. */
export async function missingDeeds(db: Db, limit: number): Promise<readonly number[]> {
  const rows = await db
    .selectFrom('prove_entries as entry')
    .leftJoin('prove_audit as audit', 'audit.idx', 'entry.idx')
    .select('entry.idx')
    .where('entry.type', 'in', AUDIT_TYPES)
    .where('audit.idx', 'is', null)
    .orderBy('entry.idx')
    .limit(limit)
    .execute()
  return rows.map(({ idx }) => idx)
}

export interface AuditFilter {
  readonly scope: string
  readonly type: AuditType | undefined
  /** An id or a name. */
  readonly person: string | undefined
  /** All of an action, or its beginning up to and with a dot. */
  readonly action: string | undefined
  /** Observed in [from, to), milliseconds UTC. */
  readonly from: number | undefined
  readonly to: number | undefined
}

/** Indexes of matching entries below `before`, newest first. */
export async function findDeeds(
  db: Db,
  filter: AuditFilter,
  before: number | undefined,
  limit: number,
): Promise<readonly number[]> {
  const { scope, type, action, from, to } = filter
  let query = db.selectFrom('prove_audit').select('idx').where('scope', '=', scope)
  if (type !== undefined) query = query.where('type', '=', type)
  if (action !== undefined) {
    query = action.endsWith('.')
      ? query.where('action', '>=', action).where('action', '<', `${action.slice(0, -1)}/`)
      : query.where('action', '=', action)
  }
  if (from !== undefined) query = query.where('observed', '>=', from)
  if (to !== undefined) query = query.where('observed', '<', to)
  if (before !== undefined) query = query.where('idx', '<', before)
  if (filter.person !== undefined) {
    const person = folded(filter.person)
    query = query.where((e) => e.or([e('actor', '=', person), e('actor_name', '=', person)]))
  }
  const rows = await query.orderBy('idx', 'desc').limit(limit).execute()
  return rows.map(({ idx }) => idx)
}

export async function actionsIn(db: Db, scope: string): Promise<string[]> {
  const rows = await db
    .selectFrom('prove_audit')
    .select('action')
    .distinct()
    .where('scope', '=', scope)
    .orderBy('action')
    .execute()
  return rows.map(({ action }) => action)
}
