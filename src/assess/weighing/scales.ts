import type { Feeds } from '../feeds/load.ts'
import type { Db } from '../inventory/queries.ts'
import type { InForce } from '../prioritise/policy-file.ts'
import { exceptionsOf } from '../work/queries.ts'
import { assetsIn } from './known.ts'
import type { Scales } from './weigh-asset.ts'

/** What everything in a scope is weighed by at a moment. @param db of one scope. @param before feeds that it was weighed by, see `Scales`. */
export async function scalesOf(db: Db, feeds: Feeds, rules: InForce, now: number, before?: Feeds): Promise<Scales> {
  const [assets, exceptions] = await Promise.all([assetsIn(db), exceptionsOf(db)])
  const stamps = { stamp: stampOf(feeds, rules), before: before === undefined ? undefined : stampOf(before, rules) }
  return { assets, exceptions, feeds, policy: rules.policy, ...stamps, now }
}

/** Stands for what KEV, EPSS, the CVEs and the policy say. */
export function stampOf(feeds: Pick<Feeds, 'facts'>, rules: Pick<InForce, 'stamp'>): string {
  return `${feeds.facts} ${rules.stamp}`
}
