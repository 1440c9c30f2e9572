import { type Kysely, sql } from 'kysely'
import { assetMark } from '../inventory/asset-mark.ts'
import type {
  AssessTables,
  FindingsTable,
  TallyTable,
  TextsTable,
  UseTable,
  WeighedTable,
  WeighingsTable,
} from '../inventory/tables.ts'

/** Of one scope, or all of it, as `inventory/queries.ts` has it. */
type Db = Kysely<AssessTables>

/** Parameters a statement may carry are limited (SQLite 32,766): at most 14 a row. */
const ROWS_A_STATEMENT = 1000

type Where = Pick<FindingsTable, 'scope' | 'asset'>

/** Says that something of these assets changed: they are weighed again before anybody reads of them. */
export async function markChanged(db: Db, rows: readonly Where[]): Promise<void> {
  const assets = new Map(rows.map(({ scope, asset }) => [`${scope}\n${asset}`, { scope, asset }]))
  const marks = [...assets.values()].map(({ scope, asset }) => ({
    scope,
    asset,
    folded: asset.toLowerCase(),
    basis: '',
    weighed: 0,
  }))
  for (let at = 0; at < marks.length; at += ROWS_A_STATEMENT)
    await db
      .insertInto('assess_weighings')
      .values(marks.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) => conflict.columns(['scope', 'asset']).doUpdateSet({ basis: '' }))
      .execute()
}

/** Says so of every asset that has something at one of these places. @param asset null: on any. */
export async function markPlaces(db: Db, places: readonly string[], asset: string | null): Promise<void> {
  for (let at = 0; at < places.length; at += ROWS_A_STATEMENT) {
    const found = db
      .selectFrom('assess_findings')
      .select(['scope', 'asset'])
      .distinct()
      .where('package', 'in', places.slice(at, at + ROWS_A_STATEMENT))
    const rows = await found.execute()
    await markChanged(db, asset === null ? rows : rows.filter((row) => row.asset.toLowerCase() === asset.toLowerCase()))
  }
}

export async function weighedScopes(db: Db): Promise<readonly string[]> {
  return (await db.selectFrom('assess_weighings').select('scope').distinct().execute()).map(({ scope }) => scope)
}

export async function weighingsOf(db: Db): Promise<WeighingsTable[]> {
  return await db.selectFrom('assess_weighings').selectAll().orderBy('folded').execute()
}

/** Whether any asset waits to be weighed, or is due. */
export async function anyDue(db: Db, now: number): Promise<boolean> {
  const one = (condition: (query: ReturnType<typeof open>) => ReturnType<typeof open>) => condition(open()).limit(1).execute()
  const open = () => db.selectFrom('assess_weighings').select('asset')
  return (
    (await one((query) => query.where('basis', '=', ''))).length > 0 ||
    (await one((query) => query.where('until', '<=', now))).length > 0
  )
}

/** Two numbers that no change of labels, names, owners or criticality leaves as they were. */
export async function assetsStamp(db: Db): Promise<string> {
  const { n, newest, sum } = await db
    .selectFrom('assets')
    .select((e) => [
      e.fn.countAll<number>().as('n'),
      e.fn.max('updated').as('newest'),
      sql<number>`sum(${e.ref('updated')} % 1000000007)`.as('sum'),
    ])
    .executeTakeFirstOrThrow()
  return `${n} ${newest} ${sum}`
}

/** Takes hold of an asset's spellings until the transaction ends, so that what changes meanwhile is weighed after. */
export async function holdWeighing(
  db: Db,
  scope: string,
  folded: string,
  change: Pick<WeighingsTable, 'basis' | 'until' | 'weighed'>,
): Promise<string[]> {
  await db.updateTable('assess_weighings').set(change).where('scope', '=', scope).where('folded', '=', folded).execute()
  const rows = await db
    .selectFrom('assess_weighings')
    .select('asset')
    .where('scope', '=', scope)
    .where('folded', '=', folded)
    .execute()
  return rows.map(({ asset }) => asset)
}

/** Another basis for what was weighed by the first of each pair. @param db of one scope. */
export async function changeBases(db: Db, pairs: Iterable<readonly [string, string]>): Promise<void> {
  for (const [from, to] of pairs) await db.updateTable('assess_weighings').set({ basis: to }).where('basis', '=', from).execute()
}

export async function spellingsOf(db: Db, folded: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await inParts(folded, (some) =>
    db.selectFrom('assess_weighings').select(['asset', 'folded']).where('folded', 'in', some).execute(),
  )
  return new Map([...Map.groupBy(rows, (row) => row.folded)].map(([name, group]) => [name, group.map(({ asset }) => asset)]))
}

export async function findingsOn(db: Db, assets: readonly string[], place?: string): Promise<FindingsTable[]> {
  const all = db.selectFrom('assess_findings').selectAll().where('asset', 'in', assets)
  return await (place === undefined ? all.where('asset_mark', 'in', marksOf(assets)) : all.where('package', '=', place)).execute()
}

function marksOf(assets: readonly string[]): readonly number[] {
  return [...new Set(assets.map(assetMark))]
}

/** When somebody last looked what runs, by asset and source of the list. */
export async function looksOf(db: Db, assets: readonly string[]) {
  return await inParts(assets, (some) =>
    db.selectFrom('assess_inventories').select(['asset', 'source', 'in_use_at']).where('asset', 'in', some).execute(),
  )
}

export async function useOf(db: Db, folded: readonly string[]): Promise<UseTable[]> {
  return await inParts(folded, (some) => db.selectFrom('assess_use').selectAll().where('folded', 'in', some).execute())
}

/** Asks for as many at once as a statement takes. */
export async function inParts<T>(all: readonly string[], ask: (some: readonly string[]) => Promise<T[]>): Promise<T[]> {
  const found: T[] = []
  for (let at = 0; at < all.length; at += ROWS_A_STATEMENT) found.push(...(await ask(all.slice(at, at + ROWS_A_STATEMENT))))
  return found
}

/** A package on an asset. */
export type Place = Pick<FindingsTable, 'asset' | 'package'>

/** Asks once a package, for as many assets at once as a statement takes. */
export async function atPlaces<T>(
  places: readonly Place[],
  ask: (place: string, assets: readonly string[]) => Promise<T[]>,
): Promise<T[]> {
  const found: T[] = []
  for (const [place, some] of Map.groupBy(places, (one) => one.package))
    for (const row of await inParts([...new Set(some.map(({ asset }) => asset))], (assets) => ask(place, assets))) found.push(row)
  return found
}

/** @param db of one scope. */
export async function weighingsAt(db: Db, folded: readonly string[]): Promise<WeighingsTable[]> {
  return await inParts(folded, (some) => db.selectFrom('assess_weighings').selectAll().where('folded', 'in', some).execute())
}

export async function saveUse(db: Db, row: UseTable): Promise<void> {
  const { folded, since, looked, parts } = row
  await db
    .insertInto('assess_use')
    .values(row)
    .onConflict((conflict) => conflict.columns(['scope', 'asset']).doUpdateSet({ folded, since, looked, parts }))
    .execute()
}

/** Keys lead from packages to assets: what was weighed of an asset is found by its findings, each of which has its key from one. */
export function foundOn(db: Db, assets: readonly string[], place?: string) {
  const all = db.selectFrom('assess_findings').select(['package', 'id', 'asset']).where('asset', 'in', assets)
  const some = place === undefined ? all.where('asset_mark', 'in', marksOf(assets)) : all.where('package', '=', place)
  return some.$asTuple('package', 'id', 'asset')
}

export async function weighedOf(db: Db, assets: readonly string[]): Promise<WeighedTable[]> {
  return await db
    .selectFrom('assess_weighed')
    .selectAll()
    .where((e) => e(e.refTuple('package', 'id', 'asset'), 'in', foundOn(db, assets)))
    .execute()
}

export async function weighedAtPlaces(db: Db, places: readonly Place[]): Promise<WeighedTable[]> {
  return await atPlaces(places, (place, assets) =>
    db
      .selectFrom('assess_weighed')
      .selectAll()
      .where((e) => e(e.refTuple('package', 'id', 'asset'), 'in', foundOn(db, assets, place)))
      .execute(),
  )
}

export async function saveWeighed(db: Db, rows: readonly WeighedTable[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await db
      .insertInto('assess_weighed')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['scope', 'asset', 'package', 'id']).doUpdateSet((e) => ({
          status: e.ref('excluded.status'),
          kind: e.ref('excluded.kind'),
          decision: e.ref('excluded.decision'),
          rank: e.ref('excluded.rank'),
          fixable: e.ref('excluded.fixable'),
          in_use: e.ref('excluded.in_use'),
          exposed: e.ref('excluded.exposed'),
          exploited: e.ref('excluded.exploited'),
          owner: e.ref('excluded.owner'),
          due: e.ref('excluded.due'),
        })),
      )
      .execute()
}

export async function dropWeighed(
  db: Db,
  rows: readonly Pick<WeighedTable, 'scope' | 'asset' | 'package' | 'id'>[],
): Promise<void> {
  for (const { scope, asset, package: place, id } of rows)
    await db
      .deleteFrom('assess_weighed')
      .where('scope', '=', scope)
      .where('asset', '=', asset)
      .where('package', '=', place)
      .where('id', '=', id)
      .execute()
}

export async function replaceTally(db: Db, scope: string, folded: string, rows: readonly TallyTable[]): Promise<void> {
  await db.deleteFrom('assess_tally').where('scope', '=', scope).where('folded', '=', folded).execute()
  if (rows.length > 0) await db.insertInto('assess_tally').values(rows).execute()
}

/** Adds to tallies, or takes away: what is nothing then is not kept. */
export async function addTally(db: Db, scope: string, rows: readonly TallyTable[]): Promise<void> {
  const alike = ['scope', 'folded', 'status', 'kind', 'decision', 'fixable', 'in_use', 'exposed', 'exploited'] as const
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await db
      .insertInto('assess_tally')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(alike).doUpdateSet((e) => ({ causes: e('assess_tally.causes', '+', e.ref('excluded.causes')) })),
      )
      .execute()
  const lessened = [...new Set(rows.filter(({ causes }) => causes < 0).map(({ folded }) => folded))]
  for (let at = 0; at < lessened.length; at += ROWS_A_STATEMENT)
    await db
      .deleteFrom('assess_tally')
      .where('scope', '=', scope)
      .where('folded', 'in', lessened.slice(at, at + ROWS_A_STATEMENT))
      .where('causes', '<=', 0)
      .execute()
}

export async function saveTexts(db: Db, rows: readonly TextsTable[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await db
      .insertInto('assess_texts')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['scope', 'package', 'id']).doUpdateSet((e) => ({ text: e.ref('excluded.text') })),
      )
      .execute()
}

export type TallyLine = Omit<TallyTable, 'scope' | 'folded'>

/** What is alike over all assets, or on one. */
export async function tallies(db: Db, folded: string | undefined): Promise<TallyLine[]> {
  const alike = ['status', 'kind', 'decision', 'fixable', 'in_use', 'exposed', 'exploited'] as const
  const all = db
    .selectFrom('assess_tally')
    .select(alike)
    .select((e) => e.fn.sum<number>('causes').as('causes'))
    .groupBy(alike)
  const rows = await (folded === undefined ? all : all.where('folded', '=', folded)).execute()
  return rows.map((row) => ({ ...row, causes: Number(row.causes) }))
}

/** What each of these assets has, for a list of assets. */
export async function talliesOf(db: Db, folded: readonly string[]): Promise<TallyTable[]> {
  return await inParts(folded, (some) => db.selectFrom('assess_tally').selectAll().where('folded', 'in', some).execute())
}

/** Assets by id, with all that they are called. */
export async function namesOfAssets(db: Db, ids: readonly string[]) {
  return await inParts(ids, (some) => db.selectFrom('assets').select(['id', 'names']).where('id', 'in', some).execute())
}

/** Lists and reports of assets that are called so, whatever the case. */
export async function listsOf(db: Db, folded: ReadonlySet<string>) {
  const inventories = await db
    .selectFrom('assess_inventories')
    .select(['asset', 'source', 'format', 'components', 'unjudged', 'received'])
    .orderBy('asset')
    .orderBy('source')
    .execute()
  const scans = await db
    .selectFrom('assess_scans')
    .select(['asset', 'source', 'format', 'received'])
    .orderBy('asset')
    .orderBy('source')
    .execute()
  const all = [...inventories, ...scans.map((scan) => ({ ...scan, components: null, unjudged: 0 }))]
  return all.filter(({ asset }) => folded.has(asset.toLowerCase()))
}

export async function countOverdue(db: Db, now: number): Promise<number> {
  const { n } = await db
    .selectFrom('assess_weighed')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('status', '=', 'open')
    .where('due', '<', now)
    .executeTakeFirstOrThrow()
  return Number(n)
}
