import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller } from '../../platform/http/route.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import type { Db } from '../queries.ts'
import { adminEvidence } from '../routes-deps.ts'
import { selectors } from '../scopes/queries.ts'
import type { Labels } from '../scopes/schema.ts'
import { placeOf, type Selector } from '../scopes/selector.ts'
import {
  type Asset,
  deleteAsset as deleteRow,
  findAsset,
  findAssetByName,
  insertAsset,
  movableAssets,
  updateAsset,
} from './queries.ts'
import type { AssetChange, AssetView, NewAsset } from './schema.ts'

export interface Written {
  readonly asset: AssetView
  readonly evidence: readonly Evidence[]
}

export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

export function assetView(row: Asset): AssetView {
  return {
    id: row.id,
    scope: row.scope,
    assigned: isAssigned(row),
    names: readJson<string[]>(row.names),
    labels: readJson<Labels>(row.labels),
    criticality: row.criticality,
    owner: row.owner,
    created: new Date(row.created).toISOString(),
    updated: new Date(row.updated).toISOString(),
  }
}

/** @throws KanpekiError `conflict` for a name that is taken in the scope, `asset_moves` for labels that only an administrator of the installation may give. */
export async function createAsset(db: Db, caller: Caller, asset: NewAsset, now: number): Promise<Written> {
  const names = unique(asset.names)
  await refuseTaken(db, caller.scope, names[0]!, undefined)
  const scope = placeOf(caller.scope, asset.labels, await selectors(db))
  refuseMove(caller, caller.scope, scope)
  const row: Asset = {
    id: randomUUID(),
    scope,
    home: caller.scope,
    ...found(names, asset.labels, asset.owner),
    names: jsonText(names),
    labels: jsonText(asset.labels),
    criticality: asset.criticality,
    owner: asset.owner,
    created: now,
    updated: now,
  }
  await insertAsset(db, row)
  const view = assetView(row)
  return { asset: view, evidence: [told(caller, scope, now, 'asset.create', row.id, { after: factsOf(view) })] }
}

/**
 * Changes an asset of the caller's scope; nothing that stays the same leaves evidence.
 * @throws KanpekiError `not_found`, `conflict`, `asset_moves`, `asset_assigned`.
 */
export async function changeAsset(db: Db, caller: Caller, id: string, change: AssetChange, now: number): Promise<Written> {
  const row = await ownAsset(db, caller, id)
  const before = assetView(row)
  const names = change.names === undefined ? before.names : unique(change.names)
  const labels = change.labels ?? before.labels
  const owner = change.owner === undefined ? before.owner : change.owner
  const criticality = change.criticality ?? before.criticality
  if (jsonText(names) !== row.names) refuseAssigned(caller, row, 'its names')
  await refuseTaken(db, caller.scope, names[0]!, id)
  const scope = placeOf(row.home, labels, await selectors(db))
  refuseMove(caller, row.scope, scope)
  const next: Asset = {
    ...row,
    scope,
    ...found(names, labels, owner),
    names: jsonText(names),
    labels: jsonText(labels),
    criticality,
    owner,
    updated: now,
  }
  const after = assetView(next)
  const changed = differing(factsOf(before), factsOf(after))
  if (changed.length === 0) return { asset: before, evidence: [] }
  await updateAsset(db, id, next)
  const pick = (facts: JsonObject): JsonObject => Object.fromEntries(changed.map((key) => [key, facts[key] ?? null]))
  const body = { before: pick(factsOf(before)), after: pick(factsOf(after)) }
  return {
    asset: after,
    evidence: [told(caller, row.scope, now, 'asset.change', id, body), ...movedEvidence(caller, next, row.scope, now)],
  }
}

/** @throws KanpekiError `not_found`, `asset_assigned`. */
export async function deleteAsset(db: Db, caller: Caller, id: string, now: number): Promise<readonly Evidence[]> {
  const row = await ownAsset(db, caller, id)
  refuseAssigned(caller, row, 'it')
  await deleteRow(db, caller.scope, id)
  return [told(caller, row.scope, now, 'asset.delete', id, { before: factsOf(assetView(row)) })]
}

/** Brings every asset to where its labels say, after a scope was made or changed. @returns how many moved, and their evidence. */
export async function moveAssets(
  db: Db,
  caller: Caller,
  selected: readonly Selector[],
  now: number,
): Promise<{ readonly moved: number; readonly evidence: readonly Evidence[] }> {
  const evidence: Evidence[] = []
  let moved = 0
  for (const row of await movableAssets(db)) {
    const scope = placeOf(row.home, readJson<Labels>(row.labels), selected)
    if (scope === row.scope) continue
    await updateAsset(db, row.id, { scope })
    evidence.push(...movedEvidence(caller, { ...row, scope }, row.scope, now))
    moved += 1
  }
  return { moved, evidence }
}

async function ownAsset(db: Db, caller: Caller, id: string): Promise<Asset> {
  const row = await findAsset(db, caller.scope, id)
  if (row === undefined) throw new KanpekiError('not_found', 'There is no such asset.')
  return row
}

function isAssigned(row: Asset): boolean {
  return row.home === DEFAULT_SCOPE && row.scope !== DEFAULT_SCOPE
}

async function refuseTaken(db: Db, scope: string, name: string, but: string | undefined): Promise<void> {
  const other = await findAssetByName(db, scope, folded(name))
  if (other === undefined || other.id === but) return
  throw new KanpekiError('conflict', `There is an asset called ${name} already.`, {
    remedy: 'Change that one, or begin the list of names with another.',
  })
}

/** Which scope an asset belongs to decides who sees its events: nobody hands them over from inside a scope. */
function refuseMove(caller: Caller, from: string, to: string): void {
  if (from === to || caller.permissions.has('installation')) return
  throw new KanpekiError('asset_moves', `These labels would move the asset from the scope ${from} to another.`, {
    remedy: 'Ask an administrator of every scope: who gives such labels decides who sees the events of this asset.',
  })
}

/** The names of an asset that was handed to a scope choose events of the shared one. */
function refuseAssigned(caller: Caller, row: Asset, what: string): void {
  if (!isAssigned(row) || caller.permissions.has('installation')) return
  throw new KanpekiError(
    'asset_assigned',
    `This asset was assigned to the scope by its labels; ${what} cannot be changed from here.`,
    {
      remedy: 'Ask an administrator of every scope.',
    },
  )
}

function unique(names: readonly string[]): string[] {
  return [...new Map(names.map((name) => [folded(name), name])).values()]
}

function found(names: readonly string[], labels: Labels, owner: string | null): Pick<Asset, 'name' | 'search'> {
  const all = [...names, ...Object.entries(labels).map(([key, value]) => `${key}=${value}`), owner ?? '']
  return { name: folded(names[0]!), search: folded(all.join('\n')) }
}

function factsOf({ names, labels, criticality, owner }: AssetView): JsonObject {
  return { names, labels, criticality, owner }
}

function differing(before: JsonObject, after: JsonObject): string[] {
  return Object.keys(after).filter((key) => jsonText(before[key] ?? null) !== jsonText(after[key] ?? null))
}

function movedEvidence(caller: Caller, row: Asset, from: string, now: number): Evidence[] {
  if (from === row.scope) return []
  const body = { name: row.name, from, to: row.scope }
  // Both sides see in their own ledger entries what left and what came.
  return [from, row.scope].map((scope) => told(caller, scope, now, 'asset.move', row.id, body))
}

function told(caller: Caller, scope: string, now: number, action: string, asset: string, body: JsonObject): Evidence {
  return adminEvidence({ ...caller, scope }, now, action, { asset, ...body })
}
