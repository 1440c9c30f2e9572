import { z } from 'zod'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import { type Caller, type Route, route } from '../platform/http/route.ts'
import { jsonText, readJson } from '../platform/state/columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import { viewOf } from './command-row.ts'
import type { Commands, KnownAgent } from './commands.ts'
import { isReversible, summaryOf } from './plan.ts'
import type { GivenRules } from './policy.ts'
import { planPolicy, stoppingRules } from './policy-plan.ts'
import { commandById, commandsOf, deletePolicy, keepPolicy, policiesOf, statusesOf } from './queries.ts'
import {
  type AgentStatus,
  agentParamsSchema,
  commandViewSchema,
  hostStatusSchema,
  newCommandSchema,
  PARAMS,
  type PolicySettings,
  planPolicySchema,
  planRequestSchema,
  planViewSchema,
  policyParamsSchema,
  policyPlanSchema,
  policyReasonSchema,
  policySchema,
  policySettingsSchema,
  querySchema,
  stoppingRuleSchema,
} from './schema.ts'
import type { HostTables } from './tables.ts'

export interface HostRoutesDeps {
  readonly state: State
  readonly clock: Clock
  readonly commands: Commands
  readonly agents: (scope: string) => Promise<readonly KnownAgent[]>
  /** Labels of the assets of these names. */
  readonly labelsOf: (scope: string, name: string) => Promise<readonly string[]>
  /** For what a forgotten session must not do. @throws KanpekiError `confirm_identity`. */
  readonly confirm: (caller: Caller, now: number) => void
  readonly changed: () => void
  /** What agents look for by themselves. */
  readonly rules: () => Promise<GivenRules>
}

const QUERY_WAIT_MS = 20_000
const SHOWN = 100

/** Commands, live queries and policies, for people and tokens. */
export function hostRoutes(deps: HostRoutesDeps): Route[] {
  return [...commandRoutes(deps), ...stateRoutes(deps), ...policyRoutes(deps)]
}

function commandRoutes({ state, clock, commands, confirm }: HostRoutesDeps): Route[] {
  const db = state.tables<HostTables>()
  return [
    route({
      method: 'POST',
      path: '/api/v1/agents/:id/plan',
      permission: 'agents:respond',
      summary: 'What a command would do on a host; nothing is done',
      params: agentParamsSchema,
      body: planRequestSchema,
      response: planViewSchema,
      handle: async ({ params, body, caller }) => {
        const command = { kind: body.kind, host: params.id, params: body.params, key: 'plan' }
        const { agent, host, seen } = await commands.plan(caller.scope, command as never)
        const parsed = PARAMS[body.kind].parse(body.params)
        return {
          agent,
          host,
          seen: seen === undefined ? null : new Date(seen).toISOString(),
          summary: summaryOf(body.kind, host, parsed as never),
          reversible: isReversible(body.kind),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/agents/:id/commands',
      permission: 'agents:respond',
      summary: 'Leave a command for a host: kill, quarantine, isolate, block, disable, collect, and what takes them back',
      params: agentParamsSchema,
      body: newCommandSchema,
      response: commandViewSchema,
      handle: async ({ params, body, caller, signal }) => {
        confirm(caller, clock.now())
        const row = await commands.ask(caller.scope, params.id, body, caller)
        if (body.wait === 0) return viewOf(row)
        const until = AbortSignal.any([signal, AbortSignal.timeout(body.wait * 1_000)])
        return viewOf(await commands.answered(caller.scope, row.id, until))
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/agents/:id/commands',
      permission: 'agents:read',
      summary: 'What a host was told to do, newest first',
      params: agentParamsSchema,
      response: z.object({ items: z.array(commandViewSchema) }),
      handle: async ({ params, caller }) => ({
        items: (await commandsOf(db, caller.scope, params.id, SHOWN)).map((row) =>
          row.kind === 'query' ? { ...viewOf(row), receipt: null } : viewOf(row),
        ),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/agent-commands/:id',
      permission: 'agents:read',
      summary: 'One command, and its receipt',
      params: agentParamsSchema,
      response: commandViewSchema,
      handle: async ({ params, caller }) => {
        const row = await commandById(db, caller.scope, params.id)
        if (row === undefined) throw new KanpekiError('not_found', `There is no command ${params.id}.`)
        return row.kind === 'query' ? { ...viewOf(row), receipt: null } : viewOf(row)
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/agent-commands/:id',
      permission: 'agents:respond',
      summary: 'Withdraw a command that no agent has taken yet',
      params: agentParamsSchema,
      response: commandViewSchema,
      handle: async ({ params, caller }) => viewOf(await commands.withdraw(caller.scope, params.id, caller)),
    }),
    route({
      method: 'POST',
      path: '/api/v1/agents/:id/queries',
      permission: 'agents:respond',
      summary: 'Ask a host, read-only: processes, sockets, packages, users, files; the ledger keeps who asked what',
      params: agentParamsSchema,
      body: querySchema,
      response: commandViewSchema,
      handle: async ({ params, body, caller, signal }) => {
        const row = await commands.ask(caller.scope, params.id, { kind: 'query', params: body }, caller)
        const until = AbortSignal.any([signal, AbortSignal.timeout(QUERY_WAIT_MS)])
        return viewOf(await commands.answered(caller.scope, row.id, until))
      },
    }),
  ]
}

function stateRoutes({ state, agents, labelsOf }: HostRoutesDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/agent-states',
      permission: 'agents:read',
      summary: 'What each agent last said of itself: version, isolation, what it may do, the policy in force',
      response: z.object({ items: z.array(hostStatusSchema) }),
      handle: async ({ caller }) => {
        const known = new Map((await statusesOf(state.tables<HostTables>(), caller.scope)).map((row) => [row.agent, row]))
        const items = (await agents(caller.scope)).map(async ({ id, name }) => {
          const row = known.get(id)
          const status = row === undefined ? null : readJson<AgentStatus>(row.status)
          const labels = [...(await labelsOf(caller.scope, status?.host ?? name))]
          return { agent: id, name, at: row === undefined ? null : new Date(row.at).toISOString(), status, labels }
        })
        return { items: await Promise.all(items) }
      },
    }),
  ]
}

function policyRoutes({ state, clock, commands, changed, rules, agents, labelsOf, confirm }: HostRoutesDeps): Route[] {
  const db = state.tables<HostTables>()
  const told = (caller: Caller, now: number, action: string, body: Readonly<Record<string, never | string | object>>) => ({
    type: 'admin' as const,
    scope: caller.scope,
    observed: now,
    received: now,
    body: { action, by: { id: caller.id, name: caller.name }, ...(body as Record<string, string>) },
  })
  return [
    route({
      method: 'GET',
      path: '/api/v1/agent-policies',
      permission: 'agents:read',
      summary: 'What agents watch and stop, by label of their host; the rules that may stop something',
      response: z.object({ items: z.array(policySchema), stopping: z.array(stoppingRuleSchema) }),
      handle: async ({ caller }) => ({
        stopping: stoppingRules(await rules()),
        items: (await policiesOf(db, caller.scope)).map(({ label, settings, by_name, changed: at }) => ({
          label,
          settings: policySettingsSchema.parse(readJson(settings)),
          by: by_name,
          changed: new Date(at).toISOString(),
        })),
      }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/agent-policies/:label/plan',
      permission: 'agents:read',
      summary: 'What settings for a label would change, on which hosts; nothing is done',
      params: policyParamsSchema,
      body: planPolicySchema,
      response: policyPlanSchema,
      handle: async ({ params, body, caller }) => {
        const statuses = new Map(
          (await statusesOf(db, caller.scope)).map((row) => [row.agent, readJson<AgentStatus>(row.status)]),
        )
        const hosts = (await agents(caller.scope)).map(async ({ id, name }) => {
          const host = statuses.get(id)?.host ?? name
          return { agent: id, name: host, labels: await labelsOf(caller.scope, host) }
        })
        const rows = await policiesOf(db, caller.scope)
        return planPolicy(caller.scope, rows, await Promise.all(hosts), params.label, body.settings, await rules())
      },
    }),
    route({
      method: 'PUT',
      path: '/api/v1/agent-policies/:label',
      permission: 'agents:write',
      summary: 'Set what agents watch whose host has this label; `*` for all',
      params: policyParamsSchema,
      query: policyReasonSchema,
      body: policySettingsSchema,
      handle: async ({ params, query, body, caller }) => {
        const now = clock.now()
        // It is a command left for later: whoever may not give one without showing who they are may not leave one either.
        if ((body.stop ?? []).length > 0) confirm(caller, now)
        const row = { scope: caller.scope, label: params.label, settings: jsonText(body), by_name: caller.name, changed: now }
        await state.transaction<HostTables, void>(async (trx) => {
          const before = (await policiesOf(trx, caller.scope)).find(({ label }) => label === params.label)
          await keepPolicy(trx, row)
          const said = {
            label: params.label,
            settings: body,
            ...(before === undefined ? {} : { before: readJson<PolicySettings>(before.settings) }),
            ...reasonOf(query),
          }
          await recordEvidence(trx, [told(caller, now, 'agent.policy', said)], clock)
        })
        changed()
        commands.wake()
        return {}
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/agent-policies/:label',
      permission: 'agents:write',
      summary: 'Take a policy back',
      params: policyParamsSchema,
      query: policyReasonSchema,
      handle: async ({ params, query, caller }) => {
        const now = clock.now()
        await state.transaction<HostTables, void>(async (trx) => {
          if (!(await deletePolicy(trx, caller.scope, params.label)))
            throw new KanpekiError('not_found', `There is no policy for ${params.label}.`)
          await recordEvidence(
            trx,
            [told(caller, now, 'agent.policy-remove', { label: params.label, ...reasonOf(query) })],
            clock,
          )
        })
        changed()
        commands.wake()
        return {}
      },
    }),
  ]
}

const reasonOf = ({ reason }: { readonly reason?: string | undefined }): { reason?: string } =>
  reason === undefined ? {} : { reason }
