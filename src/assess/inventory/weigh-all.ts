import type { Feeds } from '../feeds/load.ts'
import { allWork, exceptionsOf } from '../work/queries.ts'
import type { AssessDeps } from './deps.ts'
import { allFindings, assetsOf } from './queries.ts'
import type { AssessTables } from './tables.ts'
import { type Weighed, weigh } from './view.ts'

/** Reads and weighs what is open or gone in a scope. */
export async function weighAll(
  { state, clock, feeds, policy }: AssessDeps,
  scope: string,
  states: readonly ('open' | 'gone')[],
): Promise<{ readonly weighed: readonly Weighed[]; readonly feeds: Feeds; readonly policyProblem: string | null }> {
  const db = state.scoped<AssessTables>(scope)
  const [findings, assets, work, exceptions, all, rules] = await Promise.all([
    Promise.all(states.map((one) => allFindings(db, one))).then((lists) => lists.flat()),
    assetsOf(db),
    allWork(db),
    exceptionsOf(db),
    feeds.current(),
    policy.current(),
  ])
  return {
    weighed: weigh({ findings, assets, work, exceptions }, all, rules.policy, clock.now()),
    feeds: all,
    policyProblem: rules.problem,
  }
}
