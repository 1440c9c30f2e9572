import type { Kysely } from 'kysely'
import { among } from '../../platform/state/alike.ts'
import { type Flag, flag, readJson } from '../../platform/state/columns.ts'
import { isInUse } from '../scan/funnel.ts'
import { namesOf as assetNames } from '../weighing/known.ts'
import { type AgentUse, agentUse, withUse } from '../weighing/use.ts'
import { basesThatHold, type Scales } from '../weighing/weigh-asset.ts'
import type { Change } from './changed-verdicts.ts'
import { namesOf } from './finding-names.ts'
import { seenRow } from './judge.ts'
import type { AskedComponent, AssetFacts, InventoryMark } from './queries.ts'
import { reconcile } from './reconcile.ts'
import type { AssessTables } from './tables.ts'

/** The only component of a package on an asset, of which only more is said now than before. */
export interface Lone {
  readonly mark: InventoryMark
  readonly component: AskedComponent
  readonly change: Change
}

/** What a lone component's new findings are weighed by, apart from the feeds. */
export interface Standing {
  readonly lone: Lone
  /** Whether it runs by its list; null where nobody looked. */
  readonly used: Flag | null
  /** The same by all that is known today. */
  readonly runs: Flag | null
  readonly facts: AssetFacts | undefined
}

type Trx = Kysely<AssessTables>

/**
 * What new findings of lone components are weighed by. Left out is each of which more is known than that: whose list was
 * replaced, that waits to be weighed, that people work on or rated, of which a scanner or a former look reports the same
 * weakness, or for which alone an exception is made.
 * @param trx not limited to the scope, which is named.
 */
export async function standingsOf(
  trx: Trx,
  scope: string,
  some: readonly Lone[],
  scales: Scales,
): Promise<ReadonlyMap<Lone, Standing>> {
  const assets = [...new Set(some.map(({ mark }) => mark.asset))]
  const current = await currentAssets(trx, scope, assets, scales)
  const fresh = freshNames(some)
  const busy = await busyAssets(trx, scope, fresh, scales)
  const spoken = await spokenOf(trx, scope, fresh)
  const ready = some.filter(
    ({ mark: { asset }, change }) =>
      current.has(asset) && !busy.has(asset.toLowerCase()) && spoken.get(change.package)?.has(asset.toLowerCase()) !== true,
  )
  const uses = await usesOf(trx, scope, ready, scales)
  const lists = await listsOf(trx, scope, some)
  return new Map(
    ready.flatMap((lone): [Lone, Standing][] => {
      const { mark, component } = lone
      const list = lists.get(listOf(mark))
      if (list !== undefined && list.outbox !== mark.outbox) return []
      const used = list === undefined || list.in_use === null ? null : flag(isUsed(component, list.in_use))
      const runs = runsNow(lone, used, list?.in_use_at ?? null, uses.get(mark.asset), scales.now)
      return [[lone, { lone, used, runs, facts: scales.assets.get(mark.asset.toLowerCase()) }]]
    }),
  )
}

/** Assets of one spelling that were weighed by what holds now. */
async function currentAssets(trx: Trx, scope: string, assets: readonly string[], scales: Scales): Promise<ReadonlySet<string>> {
  const { now } = scales
  const rows = await trx
    .selectFrom('assess_weighings')
    .select(['asset', 'folded', 'basis', 'until'])
    .where('scope', '=', scope)
    .where(
      among(
        'folded',
        assets.map((asset) => asset.toLowerCase()),
      ),
    )
    .execute()
  const holds = basesThatHold(scales)
  const spellings = new Map<string, number>()
  for (const { folded } of rows) spellings.set(folded, (spellings.get(folded) ?? 0) + 1)
  return new Set(
    rows
      .filter(
        ({ folded, basis, until }) => spellings.get(folded) === 1 && (until === null || until > now) && holds(folded, basis),
      )
      .map(({ asset }) => asset),
  )
}

/** What is new, by every name that it has, by place. */
function freshNames(some: readonly Lone[]): ReadonlyMap<string, ReadonlySet<string>> {
  const fresh = new Map<string, Set<string>>()
  for (const { package: place, added } of new Set(some.map(({ change }) => change)))
    for (const { id, ids, aliases } of added ?? [])
      fresh.set(place, (fresh.get(place) ?? new Set()).union(new Set([id, ...ids, ...aliases])))
  return fresh
}

/** Assets, in small letters, of which somebody works on what is new or rated it, or of which more is said. */
async function busyAssets(
  trx: Trx,
  scope: string,
  fresh: ReadonlyMap<string, ReadonlySet<string>>,
  { exceptions }: Scales,
): Promise<Set<string>> {
  const names = [...fresh.values()].flatMap((some) => [...some])
  const work = await trx
    .selectFrom('assess_work')
    .select('asset')
    .distinct()
    .where('scope', '=', scope)
    .where('package', 'in', [...fresh.keys()])
    .where(among('id', names))
    .execute()
  // The environment of an asset stands without a package and an id.
  const ratings = await trx
    .selectFrom('assess_ratings')
    .select('asset')
    .distinct()
    .where('scope', '=', scope)
    .where('package', 'in', [...fresh.keys(), ''])
    .where(among('id', [...names, '']))
    .execute()
  return new Set([...work, ...ratings, ...exceptions].flatMap(({ asset }) => (asset === null ? [] : asset.toLowerCase())))
}

/** By place, assets in small letters of which something is known already under a name of what is new there. */
async function spokenOf(
  trx: Trx,
  scope: string,
  fresh: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const known = await trx
    .selectFrom('assess_findings')
    .select(['package', 'id', 'ids', 'aliases'])
    .distinct()
    .where('scope', '=', scope)
    .where('package', 'in', [...fresh.keys()])
    .execute()
  const spoken = new Map<string, Set<string>>()
  for (const row of known) {
    if (namesOf(row).every((name) => fresh.get(row.package)?.has(name) !== true)) continue
    const rows = await trx
      .selectFrom('assess_findings')
      .select('asset')
      .distinct()
      .where('scope', '=', scope)
      .where('package', '=', row.package)
      .where('id', '=', row.id)
      .execute()
    const there = spoken.get(row.package) ?? new Set()
    for (const { asset } of rows) there.add(asset.toLowerCase())
    spoken.set(row.package, there)
  }
  return spoken
}

/** What agents saw, by asset; where none looked, an asset is left out. */
async function usesOf(
  trx: Trx,
  scope: string,
  some: readonly Lone[],
  { assets: byName }: Scales,
): Promise<ReadonlyMap<string, AgentUse>> {
  const hosts = await trx.selectFrom('assess_use').select('folded').where('scope', '=', scope).execute()
  const told = new Set(hosts.map(({ folded }) => folded))
  const uses = new Map<string, AgentUse>()
  if (told.size === 0) return uses
  const hostOf = new Map<string, string>()
  for (const { mark } of some) {
    const host = assetNames(mark.asset, byName).find((name) => told.has(name))
    if (host !== undefined) hostOf.set(mark.asset, host)
  }
  const rows = await trx
    .selectFrom('assess_use')
    .selectAll()
    .where('scope', '=', scope)
    .where(among('folded', hostOf.values()))
    .execute()
  const byHost = new Map(rows.map((row) => [row.folded, agentUse(row)] as const))
  for (const [asset, host] of hostOf) uses.set(asset, byHost.get(host)!)
  return uses
}

type List = Pick<AssessTables['assess_inventories'], 'asset' | 'source' | 'outbox' | 'in_use' | 'in_use_at'>

/** Lists that say what runs, and those that were taken in since these were looked at, by asset and source. */
async function listsOf(trx: Trx, scope: string, some: readonly Lone[]): Promise<ReadonlyMap<string, List>> {
  const newest = some.reduce((most, { mark }) => Math.max(most, mark.outbox), 0)
  const rows = await trx
    .selectFrom('assess_inventories')
    .select(['asset', 'source', 'outbox', 'in_use', 'in_use_at'])
    .where('scope', '=', scope)
    .where(
      among(
        'asset',
        some.map(({ mark }) => mark.asset),
      ),
    )
    .where((e) => e.or([e('outbox', '>', newest), e('in_use', 'is not', null)]))
    .execute()
  return new Map(rows.map((row) => [listOf(row), row]))
}

function listOf({ asset, source }: Pick<List, 'asset' | 'source'>): string {
  return `${asset}\n${source}`
}

function isUsed(component: AskedComponent, list: string): boolean {
  return isInUse({ installed: component }, new Set(readJson<string[]>(list)))
}

function runsNow(
  { mark, component, change }: Lone,
  used: Flag | null,
  listedAt: number | null,
  agent: AgentUse | undefined,
  now: number,
): Flag | null {
  const [first] = change.added ?? []
  if ((agent === undefined && used === null) || first === undefined) return null
  const seen = { ...seenRow(mark, { ...first, installed: component }, undefined), in_use: used }
  const { rows } = reconcile([seen], [], () => undefined, now)
  return withUse(rows[0]!, agent, listedAt, now).in_use
}
