import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { Feeds } from '../feeds/load.ts'
import type { InForce } from '../prioritise/policy-file.ts'
import { changeBases, weighedScopes } from '../weighing/queries.ts'
import { scalesOf } from '../weighing/scales.ts'
import { basisOf } from '../weighing/weigh-asset.ts'
import { weighPlaces } from '../weighing/weigh-places.ts'
import { assetsNaming, placesNaming } from './cves.ts'
import type { Db } from './queries.ts'
import type { AssessTables } from './tables.ts'

/** One transaction weighs a package on so many assets: whoever else writes waits no longer. */
const ASSETS_AT_ONCE = 1000

export interface Anew {
  readonly state: State
  readonly feeds: Feeds
  readonly since: Feeds
  readonly rules: InForce
  readonly clock: { readonly now: () => number }
}

/**
 * Weighs what names a CVE of which KEV, EPSS or the CVE itself says something else, whoever found it; all else stays as it was
 * weighed by the feeds of before. Where it is broken off, assets still wait to be weighed whole.
 */
export async function weighFacts({ state, feeds, since, rules, clock }: Anew, cves: ReadonlySet<string>): Promise<void> {
  const all = state.tables<AssessTables>() as Db
  for (const place of cves.size === 0 ? [] : await placesNaming(all, cves)) {
    const { scope } = place
    const assets = await assetsNaming(all, place, cves)
    for (let at = 0; at < assets.length; at += ASSETS_AT_ONCE)
      await state.transaction<AssessTables, void>(async (trx) => {
        const scales = await scalesOf(scopedTo(trx, scope), feeds, rules, clock.now(), since)
        const changed = assets.slice(at, at + ASSETS_AT_ONCE).map((asset) => ({ scope, asset, package: place.package }))
        await weighPlaces(trx, scope, changed, scales)
      })
  }
  for (const scope of await weighedScopes(all))
    await state.transaction<AssessTables, void>(async (trx) => {
      const db = scopedTo(trx, scope)
      const { assets, stamp, before } = await scalesOf(db, feeds, rules, clock.now(), since)
      const facts = new Set([undefined, ...assets.values()])
      await changeBases(db, new Map([...facts].map((one) => [basisOf(before!, one), basisOf(stamp, one)] as const)))
    })
}
