import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { searchReplySchema, topReplySchema } from '../../src/server/schema.ts'
import { call } from './client.ts'

const DAYS_MS = 7 * 86_400_000
/** More hosts than a page shows. */
const MOST_HOSTS = 100

const window = () => ({ from: new Date(Date.now() - DAYS_MS).toISOString(), to: new Date(Date.now() + 60_000).toISOString() })

const OURS = 'event.dataset:kanpeki.agent AND agent.type:kanpeki'

/** Ids of the agents that were heard in the last seven days. */
export const agentHostsQuery = queryOptions({
  queryKey: ['hosts', 'ids'],
  queryFn: ({ signal }) =>
    call(topReplySchema, '/api/v1/events/top', {
      method: 'POST',
      body: { query: OURS, ...window(), field: 'agent.id', limit: MOST_HOSTS },
      signal,
    }),
  refetchInterval: 15_000,
  placeholderData: keepPreviousData,
})

/** The newest events that a query finds of one agent in the last seven days. */
export const agentEventsQuery = (agent: string, query: string, limit: number) =>
  queryOptions({
    queryKey: ['hosts', 'events', agent, query, limit],
    queryFn: ({ signal }) =>
      call(searchReplySchema, '/api/v1/events/search', {
        method: 'POST',
        body: { query: `agent.id:${JSON.stringify(agent)} AND agent.type:kanpeki AND (${query})`, ...window(), limit },
        signal,
      }),
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  })

export const lastHeartbeatQuery = (agent: string) => agentEventsQuery(agent, OURS, 1)
