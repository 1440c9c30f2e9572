import { type Kysely, sql } from 'kysely'
import { atPlaces, dropWeighed, inParts, markChanged, type Place } from '../weighing/queries.ts'
import { assetMark } from './asset-mark.ts'
import { noteCves } from './cves.ts'
import type { AssessTables, ComponentsTable, FindingsTable, InventoriesTable, ScansTable } from './tables.ts'

/** `state.scoped(scope)` for a caller; the whole store for what runs by itself. */
export type Db = Kysely<AssessTables>

/** Parameters a statement may carry are limited (SQLite 32,766): 10 a component, 28 a finding. */
const COMPONENTS_A_STATEMENT = 1000
const FINDINGS_A_STATEMENT = 500

export type AskedComponent = Omit<ComponentsTable, 'folded' | 'asked'>

/** Components that advisories call one of these, wherever they are. */
export async function componentsAsked(db: Db, names: readonly string[]): Promise<AskedComponent[]> {
  return await db
    .selectFrom('assess_components')
    .select(['scope', 'asset', 'source', 'number', 'name', 'version', 'purl', 'place'])
    .where('asked', 'in', names)
    .execute()
}

export type InventoryKey = Pick<InventoriesTable, 'scope' | 'asset' | 'source'>

export async function saveInventory(db: Db, row: InventoriesTable): Promise<void> {
  const { scope: _scope, asset: _asset, source: _source, ...change } = row
  await db
    .insertInto('assess_inventories')
    .values(row)
    .onConflict((conflict) => conflict.columns(['scope', 'asset', 'source']).doUpdateSet(change))
    .execute()
}

export type InventoryMark = InventoryKey & Pick<InventoriesTable, 'outbox' | 'twins'>

/** Which list each inventory holds: another one has another place in the evidence. */
export async function inventoryMarks(db: Db): Promise<InventoryMark[]> {
  return await db.selectFrom('assess_inventories').select(['scope', 'asset', 'source', 'outbox', 'twins']).execute()
}

/** @param db of one scope. */
export async function inventoriesOn(db: Db, assets: readonly string[]): Promise<InventoriesTable[]> {
  return await inParts(assets, (some) => db.selectFrom('assess_inventories').selectAll().where('asset', 'in', some).execute())
}

export async function allInventories(db: Db): Promise<InventoriesTable[]> {
  return await db.selectFrom('assess_inventories').selectAll().orderBy('scope').orderBy('asset').orderBy('source').execute()
}

export async function inventoryOf(db: Db, { scope, asset, source }: InventoryKey): Promise<InventoriesTable | undefined> {
  return await db
    .selectFrom('assess_inventories')
    .selectAll()
    .where('scope', '=', scope)
    .where('asset', '=', asset)
    .where('source', '=', source)
    .executeTakeFirst()
}

export async function noteJudged(
  db: Db,
  { scope, asset, source }: InventoryKey,
  change: Pick<InventoriesTable, 'unjudged' | 'judged_at'> & Partial<Pick<InventoriesTable, 'twins'>>,
): Promise<void> {
  await db
    .updateTable('assess_inventories')
    .set(change)
    .where('scope', '=', scope)
    .where('asset', '=', asset)
    .where('source', '=', source)
    .execute()
}

export async function replaceComponents(
  db: Db,
  { scope, asset, source }: InventoryKey,
  rows: readonly ComponentsTable[],
): Promise<void> {
  await db
    .deleteFrom('assess_components')
    .where('scope', '=', scope)
    .where('asset', '=', asset)
    .where('source', '=', source)
    .execute()
  for (let at = 0; at < rows.length; at += COMPONENTS_A_STATEMENT)
    await db
      .insertInto('assess_components')
      .values(rows.slice(at, at + COMPONENTS_A_STATEMENT))
      .execute()
  const names = [...new Set(rows.map(({ folded }) => folded))].map((folded) => ({ scope, folded }))
  for (let at = 0; at < names.length; at += COMPONENTS_A_STATEMENT)
    await db
      .insertInto('assess_names')
      .values(names.slice(at, at + COMPONENTS_A_STATEMENT))
      .onConflict((conflict) => conflict.columns(['scope', 'folded']).doNothing())
      .execute()
}

export async function componentsOf(db: Db, { scope, asset, source }: InventoryKey): Promise<ComponentsTable[]> {
  return await db
    .selectFrom('assess_components')
    .selectAll()
    .where('scope', '=', scope)
    .where('asset', '=', asset)
    .where('source', '=', source)
    .orderBy('number')
    .execute()
}

/** More names than this hold so short a part that nobody means all of them. */
const MOST_NAMES = 5000

/**
 * Components whose name holds `part` (in small letters), by name.
 * @param most more than these are not read, and neither are more than `MOST_NAMES` names.
 */
export async function componentsNamed(
  db: Db,
  part: string,
  most: number,
): Promise<{ readonly components: readonly ComponentsTable[]; readonly complete: boolean }> {
  const pattern = `%${part.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  const names = await db
    .selectFrom('assess_names')
    .select('folded')
    .where(sql<boolean>`folded like ${pattern} escape '\\'`)
    .orderBy('folded')
    .limit(MOST_NAMES + 1)
    .execute()
  if (names.length === 0) return { components: [], complete: true }
  // Without an order of its own: asked for one, SQLite walks the whole scope by its key instead of looking the names up.
  const rows = await db
    .selectFrom('assess_components')
    .selectAll()
    .where(
      'folded',
      'in',
      names.slice(0, MOST_NAMES).map(({ folded }) => folded),
    )
    .limit(most + 1)
    .execute()
  return {
    components: rows
      .slice(0, most)
      .sort((a, b) => compareTexts(a.folded, b.folded) || compareTexts(a.asset, b.asset) || a.number - b.number),
    complete: names.length <= MOST_NAMES && rows.length <= most,
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export async function findingsOf(db: Db, { scope, asset, source }: InventoryKey): Promise<FindingsTable[]> {
  return await db
    .selectFrom('assess_findings')
    .selectAll()
    .where('scope', '=', scope)
    .where('asset_mark', '=', assetMark(asset))
    .where('asset', '=', asset)
    .where('source', '=', source)
    .execute()
}

/** @param db of one scope. */
export async function findingsAtPlaces(db: Db, places: readonly Place[]): Promise<FindingsTable[]> {
  return await atPlaces(places, (place, assets) =>
    db.selectFrom('assess_findings').selectAll().where('package', '=', place).where('asset', 'in', assets).execute(),
  )
}

export async function allFindings(db: Db, state: 'open' | 'gone'): Promise<FindingsTable[]> {
  return await db
    .selectFrom('assess_findings')
    .selectAll()
    .where('gone_at', state === 'open' ? 'is' : 'is not', null)
    .execute()
}

/** Writes findings; their assets are weighed again before anybody reads of them. */
export async function saveFindings(db: Db, rows: readonly FindingsTable[]): Promise<void> {
  await markChanged(db, rows)
  await writeFindings(db, rows)
}

/** The same for who weighs what they are about in the same transaction. */
export async function writeFindings(db: Db, rows: readonly FindingsTable[]): Promise<void> {
  await noteCves(db, rows)
  for (let at = 0; at < rows.length; at += FINDINGS_A_STATEMENT)
    await db
      .insertInto('assess_findings')
      .values(rows.slice(at, at + FINDINGS_A_STATEMENT).map((row) => ({ ...row, asset_mark: assetMark(row.asset) })))
      .onConflict((conflict) =>
        conflict.columns(['package', 'scope', 'asset', 'source', 'id']).doUpdateSet((e) => ({
          name: e.ref('excluded.name'),
          version: e.ref('excluded.version'),
          purl: e.ref('excluded.purl'),
          ids: e.ref('excluded.ids'),
          aliases: e.ref('excluded.aliases'),
          fixed: e.ref('excluded.fixed'),
          summary: e.ref('excluded.summary'),
          severity: e.ref('excluded.severity'),
          score: e.ref('excluded.score'),
          vector: e.ref('excluded.vector'),
          exploited: e.ref('excluded.exploited'),
          epss: e.ref('excluded.epss'),
          first_seen: e.ref('excluded.first_seen'),
          last_seen: e.ref('excluded.last_seen'),
          gone_at: e.ref('excluded.gone_at'),
          regressed: e.ref('excluded.regressed'),
          kind: e.ref('excluded.kind'),
          place: e.ref('excluded.place'),
          opened_at: e.ref('excluded.opened_at'),
          gone_by: e.ref('excluded.gone_by'),
          gone_outbox: e.ref('excluded.gone_outbox'),
          in_use: e.ref('excluded.in_use'),
          guessed: e.ref('excluded.guessed'),
        })),
      )
      .execute()
}

/** Findings of this score or more that are open, or were gone at `since` or later. */
export async function graveFindings(db: Db, score: number, since: number): Promise<FindingsTable[]> {
  return await db
    .selectFrom('assess_findings')
    .selectAll()
    .where('score', '>=', score)
    .where((e) => e.or([e('gone_at', 'is', null), e('gone_at', '>=', since)]))
    .execute()
}

export type AssetFacts = Pick<AssessTables['assets'], 'names' | 'labels' | 'criticality' | 'owner'>

export async function assetsOf(db: Db): Promise<AssetFacts[]> {
  return await db.selectFrom('assets').select(['names', 'labels', 'criticality', 'owner']).execute()
}

export async function saveScan(db: Db, row: ScansTable): Promise<void> {
  const { scope: _scope, asset: _asset, source: _source, ...change } = row
  await db
    .insertInto('assess_scans')
    .values(row)
    .onConflict((conflict) => conflict.columns(['scope', 'asset', 'source']).doUpdateSet(change))
    .execute()
}

export async function scanOf(db: Db, { scope, asset, source }: InventoryKey): Promise<ScansTable | undefined> {
  return await db
    .selectFrom('assess_scans')
    .selectAll()
    .where('scope', '=', scope)
    .where('asset', '=', asset)
    .where('source', '=', source)
    .executeTakeFirst()
}

export async function allScans(db: Db): Promise<ScansTable[]> {
  return await db.selectFrom('assess_scans').selectAll().orderBy('asset').orderBy('source').execute()
}

/** Findings of a kind that are open. */
export async function openOfKind(db: Db, kind: FindingsTable['kind']): Promise<FindingsTable[]> {
  return await db.selectFrom('assess_findings').selectAll().where('kind', '=', kind).where('gone_at', 'is', null).execute()
}

/** Findings of a package, or of another place, on one asset or (null) on all. */
export async function findingsAt(db: Db, place: string, asset: string | null): Promise<FindingsTable[]> {
  const all = db.selectFrom('assess_findings').selectAll().where('package', '=', place)
  return await (asset === null ? all : all.where('asset', '=', asset)).execute()
}

/** For findings that are kept at another place from now on. */
export async function forgetFindings(
  db: Db,
  rows: readonly Pick<FindingsTable, 'scope' | 'asset' | 'source' | 'id' | 'package'>[],
): Promise<void> {
  await markChanged(db, rows)
  // What was weighed is found by its findings.
  await dropWeighed(db, rows)
  for (const { scope, asset, source, id, package: place } of rows)
    await db
      .deleteFrom('assess_findings')
      .where('scope', '=', scope)
      .where('asset', '=', asset)
      .where('source', '=', source)
      .where('id', '=', id)
      .where('package', '=', place)
      .execute()
}
