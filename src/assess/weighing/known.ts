import { readJson } from '../../platform/state/columns.ts'
import { assetsByName } from '../inventory/causes.ts'
import { type AssetFacts, assetsOf, type Db } from '../inventory/queries.ts'
import type { ExceptionsTable, FindingsTable } from '../inventory/tables.ts'
import type { Known } from '../inventory/view.ts'
import { ratingsOfAssets, workOfAssets } from '../work/queries.ts'
import { looksOf, useOf } from './queries.ts'
import { type AgentUse, agentUse, useHoldsUntil, withUse } from './use.ts'

export type ByName = ReadonlyMap<string, AssetFacts>

/** What findings of any assets are weighed by. */
export interface Around {
  readonly assets: ByName
  readonly exceptions: readonly ExceptionsTable[]
  readonly now: number
}

/** Reads all that findings of some assets are weighed by, and until when it holds at most. */
export async function knownOf(
  db: Db,
  findings: readonly FindingsTable[],
  assets: readonly string[],
  { assets: byName, exceptions, now }: Around,
): Promise<{ readonly known: Known; readonly until: number | null }> {
  const names = new Map(assets.map((asset) => [asset, namesOf(asset, byName)] as const))
  const [looks, uses, work, ratings] = await Promise.all([
    looksOf(db, assets),
    useOf(db, [...new Set([...names.values()].flat())]),
    workOfAssets(db, assets),
    ratingsOfAssets(db, assets),
  ])
  const listed = new Map(looks.map(({ asset, source, in_use_at: at }) => [`${asset}\n${source}`, at]))
  const byHost = new Map(uses.map((row) => [row.folded, agentUse(row)] as const))
  const agents = new Map(
    assets.map((asset): [string, AgentUse | undefined] => [
      asset,
      names.get(asset)!.flatMap((name) => byHost.get(name) ?? [])[0],
    ]),
  )
  const used = findings.map((row) => withUse(row, agents.get(row.asset), listed.get(`${row.asset}\n${row.source}`) ?? null, now))
  const mine = new Set(assets.map((asset) => asset.toLowerCase()))
  const ends = [
    useHoldsUntil(undefined, [...listed.values()], now),
    ...[...agents.values()].map((agent) => useHoldsUntil(agent, [], now)),
    ...exceptions
      .filter(
        ({ state, expires, asset }) => state === 'active' && expires > now && (asset === null || mine.has(asset.toLowerCase())),
      )
      .map(({ expires }) => expires),
  ].filter((at) => at !== null)
  return {
    known: { findings: used, assets: byName, work, ratings, exceptions },
    until: ends.length === 0 ? null : Math.min(...ends),
  }
}

/** A host is told of by its own name; a list of it may go by another name of the same asset. */
export function namesOf(asset: string, byName: ByName): readonly string[] {
  const facts = byName.get(asset.toLowerCase())
  const others = facts === undefined ? [] : readJson<string[]>(facts.names).map((name) => name.toLowerCase())
  return [...new Set([asset.toLowerCase(), ...others])]
}

export async function assetsIn(db: Db): Promise<ByName> {
  return assetsByName(await assetsOf(db))
}
