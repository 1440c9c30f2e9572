import { z } from 'zod'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import { type Caller, type Route, route } from '../platform/http/route.ts'
import { jsonText } from '../platform/state/columns.ts'
import type { State } from '../platform/state/state.ts'
import { viewOf } from './command-row.ts'
import type { Commands, KnownAgent } from './commands.ts'
import { integrityView, integrityViews } from './integrity.ts'
import { keepIntegrity } from './queries.ts'
import {
  acceptBaselineSchema,
  agentParamsSchema,
  commandViewSchema,
  integrityReportSchema,
  integrityViewSchema,
} from './schema.ts'
import type { HostTables } from './tables.ts'

export interface IntegrityRoutesDeps {
  readonly state: State
  readonly clock: Clock
  readonly commands: Commands
  readonly agents: (scope: string) => Promise<readonly KnownAgent[]>
  readonly confirm: (caller: Caller, now: number) => void
}

const ACCEPT_WAIT_MS = 20_000

/** How the files of hosts stand against their baselines, and who accepts them. */
export function integrityRoutes({ state, clock, commands, agents, confirm }: IntegrityRoutesDeps): Route[] {
  const db = state.tables<HostTables>()
  return [
    route({
      method: 'POST',
      path: '/api/v1/agent-link/integrity',
      permission: 'agent',
      summary: "How the files of an agent's host stand against their baseline",
      body: integrityReportSchema,
      handle: async ({ body, caller }) => {
        const { changes, ...report } = body
        const row = { agent: caller.id, scope: caller.scope, at: clock.now() }
        await keepIntegrity(db, { ...row, report: jsonText(report), changes: jsonText(changes) })
        return {}
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/agent-integrity',
      permission: 'agents:read',
      summary: 'How the files of each host stand: baseline, changes since, those that nobody verified',
      response: z.object({ items: z.array(integrityViewSchema) }),
      handle: async ({ caller }) => ({
        items: [...(await integrityViews(db, caller.scope, await agents(caller.scope), clock.now()))],
      }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/agents/:id/integrity',
      permission: 'agents:read',
      summary: 'What changed on a host since its baseline, the latest thousand: what, when, by whom and with which package',
      params: agentParamsSchema,
      response: integrityViewSchema,
      handle: async ({ params, caller }) => {
        const agent = (await agents(caller.scope)).find(({ id }) => id === params.id)
        const view = agent === undefined ? undefined : await integrityView(db, caller.scope, agent, clock.now())
        if (view === undefined)
          throw new KanpekiError('not_found', 'No agent of this id has said how its files stand.', {
            remedy: 'It does so once it has read them all; agents before this version never do.',
          })
        return view
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/agents/:id/baseline',
      permission: 'agents:respond',
      summary: 'Accept the files of a host as they were seen (`state`) as its baseline; the ledger keeps who, when and why',
      params: agentParamsSchema,
      body: acceptBaselineSchema,
      response: commandViewSchema,
      handle: async ({ params, body, caller, signal }) => {
        confirm(caller, clock.now())
        const { state: seen, reason } = body
        const row = await commands.ask(caller.scope, params.id, { kind: 'baseline', params: { state: seen }, reason }, caller)
        const until = AbortSignal.any([signal, AbortSignal.timeout(ACCEPT_WAIT_MS)])
        return viewOf(await commands.answered(caller.scope, row.id, until))
      },
    }),
  ]
}
