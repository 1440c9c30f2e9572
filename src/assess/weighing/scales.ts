import type { Feeds } from '../feeds/load.ts'
import type { Db } from '../inventory/queries.ts'
import type { InForce } from '../prioritise/policy-file.ts'
import { exceptionsOf } from '../work/queries.ts'
import { assetsIn } from './known.ts'
import type { Scales } from './weigh-asset.ts'

/** What everything in a scope is weighed by at a moment. @param db of one scope. */
export async function scalesOf(db: Db, feeds: Feeds, rules: InForce, now: number): Promise<Scales> {
  const [assets, exceptions] = await Promise.all([assetsIn(db), exceptionsOf(db)])
  return { assets, exceptions, feeds, policy: rules.policy, stamp: stampOf(feeds, rules), now }
}

/** Stands for what KEV, EPSS, the CVEs and the policy say. */
export function stampOf(feeds: Pick<Feeds, 'facts'>, rules: Pick<InForce, 'stamp'>): string {
  return `${feeds.facts} ${rules.stamp}`
}
