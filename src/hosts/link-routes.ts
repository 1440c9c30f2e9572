import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import { type Caller, RawReply, type Route, route } from '../platform/http/route.ts'
import type { State } from '../platform/state/state.ts'
import type { CommandKey } from './command-key.ts'
import type { Commands, KnownAgent } from './commands.ts'
import { type GivenRules, policyFor } from './policy.ts'
import { commandById, policiesOf } from './queries.ts'
import {
  agentParamsSchema,
  agentStatusSchema,
  deedSchema,
  pollReplySchema,
  pollSchema,
  receiptMessageSchema,
  shaParamsSchema,
} from './schema.ts'
import type { HostTables } from './tables.ts'

/** Something that agents fetch by its hash. */
export interface AgentPart {
  readonly bytes: number
  readonly content: RawReply['body']
}

export interface LinkDeps {
  readonly state: State
  readonly clock: Clock
  readonly key: CommandKey
  readonly commands: Commands
  readonly labelsOf: (scope: string, name: string) => Promise<readonly string[]>
  /** What agents look for by themselves. */
  readonly rules: () => Promise<GivenRules>
  /** What agents are handed besides: they know by the signed policy, or by themselves, which hash to ask for. */
  readonly part: (sha256: string) => AgentPart | undefined
  /** Keeps what an agent captured as evidence; answers the artefact's id. */
  readonly keep: (
    agent: KnownAgent,
    capture: { readonly command: string; readonly name: string },
    source: AsyncIterable<Uint8Array>,
  ) => Promise<{ readonly id: string; readonly sha256: string; readonly bytes: number }>
}

const known = (caller: Caller): KnownAgent => ({ id: caller.id, scope: caller.scope, name: caller.name, lastSeen: null })

/** What agents ask, each for itself: the certificate says which one it is, and nothing in a request does. */
export function linkRoutes({ state, clock, key, commands, labelsOf, rules, part, keep }: LinkDeps): Route[] {
  const db = state.tables<HostTables>()
  return [
    route({
      method: 'POST',
      path: '/api/v1/agent-link/poll',
      permission: 'agent',
      summary: "An agent's own commands and policy, signed; the request stays open while there are none",
      body: pollSchema,
      response: pollReplySchema,
      handle: async ({ body, caller, signal }) => {
        const status = agentStatusSchema.parse(body.status)
        const rows = await policiesOf(db, caller.scope)
        const found = policyFor(rows, await labelsOf(caller.scope, status.host), await rules())
        const differs = (found?.hash ?? null) !== status.policy
        const until = AbortSignal.any([signal, AbortSignal.timeout(differs ? 0 : body.wait * 1_000)])
        const signed = await commands.take(known(caller), status, body.busy, until)
        const text = () =>
          JSON.stringify({
            v: 1,
            agent: caller.id,
            policy: found?.hash ?? '',
            settings: found?.settings ?? {},
            ...(found?.rules === undefined ? {} : { rules: found.rules }),
          })
        return {
          now: clock.now(),
          key: key.public,
          ...(key.successions.length === 0 ? {} : { successions: [...key.successions] }),
          commands: [...signed],
          policy: differs ? key.sign('policy', text()) : null,
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/agent-link/receipts',
      permission: 'agent',
      summary: 'What came of a command',
      body: receiptMessageSchema,
      handle: async ({ body, caller }) => {
        await commands.receive(known(caller), body)
        return {}
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/agent-link/deeds',
      permission: 'agent',
      summary: 'What the agent stopped by itself, because a rule and its policy say so',
      body: deedSchema,
      handle: async ({ body, caller }) => {
        await commands.report(known(caller), body)
        return {}
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/agent-link/parts/:sha256',
      permission: 'agent',
      summary: 'What an agent needs to scan files: the YARA rules, or the engine for its platform, by hash',
      params: shaParamsSchema,
      handle: async ({ params }) => {
        const found = part(params.sha256)
        if (found === undefined) throw new KanpekiError('not_found', 'There is nothing of this hash for agents.')
        return new RawReply('application/octet-stream', found.content, {
          'cache-control': 'no-store',
          'content-length': String(found.bytes),
        })
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/agent-link/captures/:id',
      permission: 'agent',
      summary: 'What an agent captured for a command; its bytes are the body (application/octet-stream)',
      params: agentParamsSchema,
      readsBody: true,
      handle: async ({ params, caller, request }) => {
        const row = await commandById(db, caller.scope, params.id)
        if (row === undefined || row.agent !== caller.id || row.kind !== 'collect' || row.state !== 'given')
          throw new KanpekiError('not_found', 'There is no such capture for this agent.')
        const at = new Date(row.created).toISOString().replaceAll(':', '')
        return await keep(known(caller), { command: row.id, name: `capture-${caller.name}-${at}.tar.gz` }, request)
      },
    }),
  ]
}
