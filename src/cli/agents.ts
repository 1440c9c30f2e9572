import type { z } from 'zod'
import { listAgents, revokeAgent } from '../access/machines/queries.ts'
import type { agentSchema } from '../access/machines/schema.ts'
import type { AccessTables } from '../access/tables.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { command } from './command.ts'
import { EXIT, SERVER_OPTIONS, takesAtMost } from './options.ts'
import { changeAccess, checkScopeExists, withState } from './own-state.ts'
import { callApi } from './remote.ts'
import { serverOf } from './server-of.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki agents list [--scope NAME] [--json] [--data DIR | --url URL --token TOKEN [--ca FILE]]
       kanpeki agents rotate-key [--data DIR | --url URL --token TOKEN [--ca FILE]]
       kanpeki agents revoke ID [--scope NAME] [--data DIR | --url URL --token TOKEN [--ca FILE]]
A revoked agent is refused from its next request on; it comes back only by enrolling anew.
'rotate-key' signs what agents are told with a new key: the old one names it, agents follow and refuse the old one from then on. The
server must run.`

type Agent = z.infer<typeof agentSchema>

interface Values {
  readonly data: string
  readonly url?: string | undefined
  readonly ca?: string | undefined
  readonly token?: string | undefined
  readonly scope: string
  readonly json: boolean
}

async function list(values: Values): Promise<number> {
  for (const agent of await agentsOf(values)) process.stdout.write(`${values.json ? JSON.stringify(agent) : line(agent)}\n`)
  return EXIT.ok
}

async function agentsOf({ data, url, ca, token, scope }: Values): Promise<readonly Agent[]> {
  if (url !== undefined) {
    return (await callApi<{ items: Agent[] }>({ url, ca }, token, 'GET', '/api/v1/agents', undefined, scope)).items
  }
  const rows = await withState(data, async (state) => {
    await checkScopeExists(state, scope)
    return await listAgents(state.tables<AccessTables>(), scope)
  })
  return rows.map(({ id, name, created, last_seen, certificate_expires, revoked }) => ({
    id,
    name,
    created: new Date(created).toISOString(),
    lastSeen: time(last_seen),
    certificateExpires: time(certificate_expires),
    revoked: time(revoked),
  }))
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

function line({ id, name, lastSeen, certificateExpires, revoked }: Agent): string {
  const seen = lastSeen === null ? 'never seen' : `seen ${lastSeen}`
  const state = revoked === null ? `certificate until ${certificateExpires ?? 'none'}` : `revoked ${revoked}`
  return `${id}  ${plain(name).padEnd(16)}  ${seen}  ${state}`
}

async function revoke({ data, url, ca, token, scope }: Values, id: string | undefined): Promise<number> {
  if (id === undefined) throw new KanpekiError('usage', 'Which agent? Give its id.', { remedy: `\n${USAGE}` })
  if (url !== undefined) {
    await callApi({ url, ca }, token, 'DELETE', `/api/v1/agents/${encodeURIComponent(id)}`, undefined, scope)
    return EXIT.ok
  }
  await withState(data, (state) =>
    changeAccess(state, scope, async (db, now) => {
      const done = await revokeAgent(db, scope, id, now)
      if (done === undefined)
        throw new KanpekiError('not_found', `There is no agent ${id}, or it was revoked before.`, {
          remedy: "'kanpeki agents list' shows them.",
        })
      return { result: undefined, action: 'agent.revoke', body: { agent: id, ...done } }
    }),
  )
  return EXIT.ok
}

async function rotateKey(values: Values): Promise<number> {
  const server = await serverOf(values, 'admin', 'command line')
  const { to } = await callApi<{ to: string }>(server, server.token, 'POST', '/api/v1/agent-key/rotate')
  process.stdout.write(`${to}\n`)
  return EXIT.ok
}

export function agentsCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      scope: { type: 'string', default: DEFAULT_SCOPE },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const [action, id] = positionals
      takesAtMost(action === 'revoke' ? 2 : 1, positionals, USAGE)
      if (action === 'list') return await list(values)
      if (action === 'rotate-key') return await rotateKey(values)
      if (action === 'revoke') return await revoke(values, id)
      throw new KanpekiError('usage', action === undefined ? 'What shall be done?' : `There is no 'agents ${action}'.`, {
        remedy: `\n${USAGE}`,
      })
    },
  )
}
