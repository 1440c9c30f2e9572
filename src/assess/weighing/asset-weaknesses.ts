import { readJson } from '../../platform/state/columns.ts'
import type { Db } from '../inventory/queries.ts'
import type { AssetWeaknesses } from '../inventory/schema.ts'
import { time } from '../inventory/view.ts'
import { DEPLOYER_DECISIONS } from '../prioritise/ssvc.ts'
import { listsOf, namesOfAssets, talliesOf, useOf } from './queries.ts'
import { AGENT_HOLDS_MS, type UsedPart } from './use.ts'

/** What is known of the software of each asset, under all of its names; ids of no asset are left out. @param db of one scope. */
export async function weaknessesOf(db: Db, ids: readonly string[], now: number): Promise<AssetWeaknesses[]> {
  const assets = (await namesOfAssets(db, ids)).map(({ id, names }) => ({
    id,
    names: new Set(readJson<string[]>(names).map((name) => name.toLowerCase())),
  }))
  const all = new Set(assets.flatMap(({ names }) => [...names]))
  const [tallies, uses, lists] = await Promise.all([talliesOf(db, [...all]), useOf(db, [...all]), listsOf(db, all)])
  return assets.map(({ id, names }) => {
    const lines = tallies.filter(({ folded }) => names.has(folded))
    const open = lines.filter(({ status }) => status === 'open')
    const sum = (some: typeof lines): number => some.reduce((total, { causes }) => total + causes, 0)
    const [use] = uses.filter(({ folded }) => names.has(folded)).toSorted((a, b) => b.looked - a.looked)
    const known = open.some((line) => line.in_use !== -1)
    return {
      id,
      lists: lists
        .filter(({ asset }) => names.has(asset.toLowerCase()))
        .map((list) => ({ ...list, received: time(list.received) })),
      agent:
        use === undefined
          ? null
          : {
              since: time(use.since),
              looked: time(use.looked),
              packages: readJson<UsedPart[]>(use.parts).length,
              stale: now - use.looked >= AGENT_HOLDS_MS,
            },
      open: sum(open),
      waived: sum(lines.filter(({ status }) => status === 'waived')),
      fixable: sum(open.filter(({ fixable }) => fixable === 1)),
      inUse: known ? sum(open.filter((line) => line.in_use === 1)) : null,
      exploited: sum(open.filter(({ exploited }) => exploited === 1)),
      decisions: Object.fromEntries(
        DEPLOYER_DECISIONS.map((one) => [one, sum(open.filter(({ decision }) => decision === one))]),
      ) as AssetWeaknesses['decisions'],
    }
  })
}
