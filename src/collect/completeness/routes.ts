import type { Clock } from '../../kernel/clock.ts'
import { type Route, route } from '../../platform/http/route.ts'
import type { State } from '../../platform/state/state.ts'
import type { CollectTables } from '../tables.ts'
import { hostList, hostsQuery, minimumEventList } from './schema.ts'
import { listHosts, listMinimumEvents } from './view.ts'

/** What should have come and did not. */
export function completenessRoutes({ state, clock }: { readonly state: State; readonly clock: Clock }): Route[] {
  const db = () => state.tables<CollectTables>()
  return [
    route({
      method: 'GET',
      path: '/api/v1/completeness/hosts',
      permission: 'sources:read',
      summary: 'Hosts by source: when they were heard, their clocks, and numbers that never came',
      query: hostsQuery,
      response: hostList,
      handle: ({ query, caller }) => listHosts(db(), caller.scope, query, clock.now()),
    }),
    route({
      method: 'GET',
      path: '/api/v1/completeness/minimum-events',
      permission: 'sources:read',
      summary: 'Which of the minimum set of events is received, since when, from how many hosts',
      response: minimumEventList,
      handle: ({ caller }) => listMinimumEvents(db(), caller.scope, clock.now()),
    }),
  ]
}
