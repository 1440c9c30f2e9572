import type { Feeds } from '../feeds/load.ts'
import { assetsIn, knownOf } from '../weighing/known.ts'
import { exceptionsOf } from '../work/queries.ts'
import type { AssessDeps } from './deps.ts'
import { allFindings } from './queries.ts'
import type { AssessTables } from './tables.ts'
import { type Weighed, weigh } from './view.ts'

/** Reads and weighs what is open or gone in a scope. */
export async function weighAll(
  { state, clock, feeds, policy }: AssessDeps,
  scope: string,
  states: readonly ('open' | 'gone')[],
): Promise<{ readonly weighed: readonly Weighed[]; readonly feeds: Feeds; readonly policyProblem: string | null }> {
  const db = state.scoped<AssessTables>(scope)
  const [findings, assets, exceptions, all, rules] = await Promise.all([
    Promise.all(states.map((one) => allFindings(db, one))).then((lists) => lists.flat()),
    assetsIn(db),
    exceptionsOf(db),
    feeds.current(),
    policy.current(),
  ])
  const now = clock.now()
  const names = [...new Set(findings.map(({ asset }) => asset))]
  const { known } = await knownOf(db, findings, names, { assets, exceptions, now })
  return {
    weighed: weigh(known, all, rules.policy, now),
    feeds: all,
    policyProblem: rules.problem,
  }
}
