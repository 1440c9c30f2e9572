import type { Kysely } from 'kysely'
import type { ProveArtefactRow, ProveTables } from '../tables.ts'
import type { ArtefactKind } from './schema.ts'

type Db = Kysely<ProveTables>
type Content = ProveTables['prove_contents']

export function contentOf(db: Db, sha256: string): Promise<Content | undefined> {
  return db.selectFrom('prove_contents').selectAll().where('sha256', '=', sha256).executeTakeFirst()
}

export async function insertContent(trx: Db, content: Content): Promise<void> {
  await trx.insertInto('prove_contents').values(content).execute()
}

export async function deleteContent(trx: Db, sha256: string): Promise<void> {
  await trx.deleteFrom('prove_contents').where('sha256', '=', sha256).execute()
}

export async function bytesKept(db: Db): Promise<number> {
  const row = await db
    .selectFrom('prove_contents')
    .select((eb) => eb.fn.sum<number | string | null>('bytes').as('bytes'))
    .executeTakeFirst()
  return Number(row?.bytes ?? 0)
}

export async function contentNames(db: Db): Promise<ReadonlySet<string>> {
  return new Set((await db.selectFrom('prove_contents').select('sha256').execute()).map(({ sha256 }) => sha256))
}

export async function insertArtefact(trx: Db, row: ProveArtefactRow): Promise<void> {
  await trx.insertInto('prove_artefacts').values(row).execute()
}

export function artefactById(db: Db, scope: string, id: string): Promise<ProveArtefactRow | undefined> {
  return db.selectFrom('prove_artefacts').selectAll().where('scope', '=', scope).where('id', '=', id).executeTakeFirst()
}

export async function changeArtefact(trx: Db, id: string, change: Partial<ProveArtefactRow>): Promise<void> {
  await trx.updateTable('prove_artefacts').set(change).where('id', '=', id).execute()
}

/** Whether somebody, of any scope, still keeps this content. */
export async function isKept(db: Db, sha256: string): Promise<boolean> {
  const row = await db
    .selectFrom('prove_artefacts')
    .select('id')
    .where('sha256', '=', sha256)
    .where('removed_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Those whose time is over and that nobody holds. */
export function overdue(db: Db, now: number, most: number): Promise<readonly ProveArtefactRow[]> {
  return db
    .selectFrom('prove_artefacts')
    .selectAll()
    .where('removed_at', 'is', null)
    .where('hold_at', 'is', null)
    .where('keep_until', '<', now)
    .limit(most)
    .execute()
}

export interface ArtefactFilter {
  readonly scope: string
  readonly kind?: ArtefactKind | undefined
  readonly alert?: string | undefined
  /** Only those recorded before this outbox sequence. */
  readonly before?: number | undefined
  readonly limit: number
}

/** Newest first. */
export async function artefactsOf(
  db: Db,
  { scope, kind, alert, before, limit }: ArtefactFilter,
): Promise<readonly ProveArtefactRow[]> {
  let query = db.selectFrom('prove_artefacts').selectAll().where('scope', '=', scope)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  if (alert !== undefined) query = query.where('alert', '=', alert)
  if (before !== undefined) query = query.where('outbox', '<', before)
  return query.orderBy('outbox', 'desc').limit(limit).execute()
}
