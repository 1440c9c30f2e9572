import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import {
  captureEntrySchema,
  captureSchema,
  commandViewSchema,
  hostStatusSchema,
  integrityViewSchema,
  type PolicySettings,
  planViewSchema,
  policyPlanSchema,
  policySchema,
  type Query,
  releaseSchema,
  stoppingRuleSchema,
} from '../../src/hosts/schema.ts'
import type { AgentCommandKind } from '../../src/kernel/agent-command.ts'
import { searchReplySchema, topReplySchema } from '../../src/server/schema.ts'
import { call, tell } from './client.ts'
import { Problem } from './problem.ts'

const agentStatesSchema = z.object({ items: z.array(hostStatusSchema) })
const commandsSchema = z.object({ items: z.array(commandViewSchema) })

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

/** What an agent tells of itself besides is no heartbeat. */
export const lastHeartbeatQuery = (agent: string) => agentEventsQuery(agent, `${OURS} AND event.kind:metric`, 1)

/** What agents last said of themselves: isolation, what they may do, the policy in force. */
export const agentStatesQuery = queryOptions({
  queryKey: ['hosts', 'states'],
  queryFn: ({ signal }) => call(agentStatesSchema, '/api/v1/agent-states', { signal }),
  refetchInterval: 5_000,
})

/** What a host was told to do, newest first. */
export const hostCommandsQuery = (agent: string) =>
  queryOptions({
    queryKey: ['hosts', 'commands', agent],
    queryFn: ({ signal }) => call(commandsSchema, `/api/v1/agents/${agent}/commands`, { signal }),
    refetchInterval: 3_000,
  })

export const captureQuery = (artefact: string) =>
  queryOptions({
    queryKey: ['hosts', 'capture', artefact],
    queryFn: ({ signal }) => call(captureSchema, `/api/v1/captures/${artefact}`, { signal }),
    // Each look is in the ledger: it is not repeated by itself.
    staleTime: Number.POSITIVE_INFINITY,
  })

export const captureEntryQuery = (artefact: string, name: string) =>
  queryOptions({
    queryKey: ['hosts', 'capture', artefact, name],
    queryFn: ({ signal }) => call(captureEntrySchema, `/api/v1/captures/${artefact}/entry`, { query: { name }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export interface Order {
  readonly kind: AgentCommandKind
  readonly params: object
}

/** What it would do; nothing is done. */
export const planOf = (agent: string, order: Order) =>
  call(planViewSchema, `/api/v1/agents/${agent}/plan`, { method: 'POST', body: order })

/** Leaves a command for a host, and waits for its receipt for a while. */
export const giveOrder = (agent: string, order: Order, reason: string | undefined) =>
  call(commandViewSchema, `/api/v1/agents/${agent}/commands`, { method: 'POST', body: { ...order, reason, wait: 15 } })

export const askHost = (agent: string, query: Partial<Query>) =>
  call(commandViewSchema, `/api/v1/agents/${agent}/queries`, { method: 'POST', body: query })

/** How the files of each host stand, without what changed. */
export const integritiesQuery = queryOptions({
  queryKey: ['hosts', 'integrity'],
  queryFn: ({ signal }) => call(z.object({ items: z.array(integrityViewSchema) }), '/api/v1/agent-integrity', { signal }),
  refetchInterval: 5_000,
})

/** How one host's files stand; null where its agent has not said so. */
export const integrityQuery = (agent: string) =>
  queryOptions({
    queryKey: ['hosts', 'integrity', agent],
    queryFn: async ({ signal }) => {
      try {
        return await call(integrityViewSchema, `/api/v1/agents/${agent}/integrity`, { signal })
      } catch (error) {
        if (error instanceof Problem && error.code === 'not_found') return null
        throw error
      }
    },
    refetchInterval: 3_000,
  })

export const acceptBaseline = (agent: string, state: string, reason: string) =>
  call(commandViewSchema, `/api/v1/agents/${agent}/baseline`, { method: 'POST', body: { state, reason } })

export const policiesQuery = queryOptions({
  queryKey: ['hosts', 'policies'],
  queryFn: ({ signal }) =>
    call(z.object({ items: z.array(policySchema), stopping: z.array(stoppingRuleSchema) }), '/api/v1/agent-policies', { signal }),
})

const policyPath = (label: string): string => `/api/v1/agent-policies/${encodeURIComponent(label)}`

/** What it would change; nothing is done. `null` takes the policy back. */
export const planPolicy = (label: string, settings: PolicySettings | null) =>
  call(policyPlanSchema, `${policyPath(label)}/plan`, { method: 'POST', body: { settings } })

/** @param settings null: the policy is taken back. */
export const setPolicy = (label: string, settings: PolicySettings | null, reason: string) =>
  tell(policyPath(label), {
    ...(settings === null ? { method: 'DELETE' } : { method: 'PUT', body: settings }),
    query: { reason },
  })

export const releasesQuery = queryOptions({
  queryKey: ['hosts', 'releases'],
  queryFn: ({ signal }) => call(z.object({ items: z.array(releaseSchema) }), '/api/v1/agent-releases', { signal }),
})

export const addRelease = (version: string, signature: string, file: Blob) =>
  call(releaseSchema, '/api/v1/agent-releases', { method: 'POST', query: { version, signature }, file })

export const updateHost = (agent: string, sha256: string) =>
  call(commandViewSchema, `/api/v1/agents/${agent}/update`, { method: 'POST', body: { sha256 } })
