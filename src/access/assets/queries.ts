import type { Insertable, Selectable, Updateable } from 'kysely'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { AssetRow } from '../../platform/state/tables.ts'
import type { Db } from '../queries.ts'
import type { Criticality } from './schema.ts'

export type Asset = Selectable<AssetRow>

export async function findAsset(db: Db, scope: string, id: string): Promise<Asset | undefined> {
  return await db.selectFrom('assets').selectAll().where('scope', '=', scope).where('id', '=', id).executeTakeFirst()
}

export async function findAssetByName(db: Db, scope: string, name: string): Promise<Asset | undefined> {
  return await db
    .selectFrom('assets')
    .selectAll()
    .where('scope', '=', scope)
    .where('name', '=', name)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
}

export async function insertAsset(db: Db, row: Insertable<AssetRow>): Promise<void> {
  await db.insertInto('assets').values(row).execute()
}

export async function updateAsset(db: Db, id: string, change: Updateable<AssetRow>): Promise<void> {
  await db.updateTable('assets').set(change).where('id', '=', id).execute()
}

export async function deleteAsset(db: Db, scope: string, id: string): Promise<void> {
  await db.deleteFrom('assets').where('scope', '=', scope).where('id', '=', id).execute()
}

export interface AssetFilter {
  readonly scope: string
  /** Folded; all must occur. */
  readonly words: readonly string[]
  readonly criticality: Criticality | undefined
}
/** Place after which the next page begins. */
export type AssetCursor = readonly [name: string, id: string]

export async function assetPage(
  db: Db,
  filter: AssetFilter,
  after: AssetCursor | undefined,
  limit: number,
): Promise<{ readonly rows: Asset[]; readonly total: number }> {
  let all = db.selectFrom('assets').where('scope', '=', filter.scope)
  if (filter.criticality !== undefined) all = all.where('criticality', '=', filter.criticality)
  for (const word of filter.words) all = all.where('search', 'like', `%${likeLiteral(word)}%`)
  const count = await all.select((e) => e.fn.countAll<number>().as('n')).executeTakeFirstOrThrow()
  let page = all.selectAll()
  if (after !== undefined) {
    const [name, id] = after
    page = page.where((e) => e.or([e('name', '>', name), e.and([e('name', '=', name), e('id', '>', id)])]))
  }
  return { rows: await page.orderBy('name').orderBy('id').limit(limit).execute(), total: Number(count.n) }
}

/** `%`, `_` and `\` stand for any one character: close enough for a filter, and the same on both databases. */
function likeLiteral(word: string): string {
  return word.replaceAll(/[%_\\]/g, '_')
}

/** Those that labels may move: all that were made in the shared scope. */
export async function movableAssets(db: Db): Promise<Asset[]> {
  return await db.selectFrom('assets').selectAll().where('home', '=', DEFAULT_SCOPE).orderBy('name').orderBy('id').execute()
}

/** Names of what the shared scope handed to others. */
export async function handedOver(db: Db): Promise<{ readonly scope: string; readonly names: string }[]> {
  return await db
    .selectFrom('assets')
    .select(['scope', 'names'])
    .where('home', '=', DEFAULT_SCOPE)
    .where('scope', '!=', DEFAULT_SCOPE)
    .execute()
}

/** For the writer: all of them, of every scope. */
export async function everyAsset(db: Db): Promise<Asset[]> {
  return await db.selectFrom('assets').selectAll().orderBy('id').execute()
}

/** How many assets the scope of `db` has, and how many of them belong to nobody. */
export async function assetOwners(db: Db): Promise<{ readonly assets: number; readonly without: number }> {
  const rows = await db.selectFrom('assets').select('owner').execute()
  return { assets: rows.length, without: rows.filter(({ owner }) => owner === null || owner === '').length }
}
