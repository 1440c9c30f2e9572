import { expect, it } from 'vitest'
import { PARAMS } from '../hosts/schema.ts'
import { AGENT_COMMAND_KINDS, AGENT_UNDO, type AgentCommand, type AgentCommands } from '../kernel/agent-command.ts'
import type { JsonObject } from '../kernel/json.ts'
import { actions } from '../respond/actions/registry.ts'
import type { ActionDeps } from '../respond/actions-support/deps.ts'
import { DEFAULT_GUARDS, protectedTarget } from '../respond/playbooks/guards.ts'

/** What a receipt of an agent holds for undoing, by kind. */
const UNDO: Readonly<Record<string, JsonObject>> = {
  quarantine: { item: '6f0c1c7e-3c1f-4d35-9a0e-0e7a1f0f2b11' },
  isolate: {},
  'block-address': { address: '203.0.113.9' },
  'disable-account': { account: 'sato', expiry: '' },
}

it('asks agents for nothing that they would not take', async () => {
  const sent: AgentCommand[] = []
  const agents: AgentCommands = {
    plan: async (_, { host }) => ({ agent: 'a', host }),
    send: async (_, command) => {
      sent.push(command)
      const undo = UNDO[command.kind]
      return { outcome: 'done', detail: {}, ...(undo === undefined ? {} : { undo }) }
    },
    find: async () => undefined,
    cancel: async () => false,
  }
  const all = actions({ agents } as unknown as ActionDeps)
  const inputs = {
    'kill-process': { host: 'web-1', pid: '4711', started: '2026-11-22T10:00:00.000Z', name: 'sh' },
    'quarantine-file': { host: 'web-1', path: '/var/www/x.php', sha256: 'F'.repeat(64) },
    'isolate-host': { host: 'web-1', allow: ['10.1.0.0/16', '2001:db8::/32', '10.0.0.1'], dns: true },
    'block-address-on-host': { host: 'web-1', address: '2001:DB8::1' },
    'disable-account-on-host': { host: 'web-1', account: 'sato' },
    'collect-from-host': {
      host: 'web-1',
      paths: ['/var/log/auth.log'],
      packetSeconds: '60',
      beforeSeconds: 600,
      afterSeconds: 60,
    },
  }
  const context = { scope: 'default', key: 'k'.repeat(32), by: 'x', signal: AbortSignal.timeout(5000), now: Date.now }
  for (const [id, input] of Object.entries(inputs)) {
    const action = all.get(id)!
    const receipt = await action.run(action.input.parse(input), context)
    if (action.undo !== undefined) await action.undo(receipt, context)
  }
  for (const { kind, params } of sent) expect(PARAMS[kind].safeParse(params).error?.issues, kind).toBeUndefined()
  const asked = new Set(sent.map(({ kind }) => kind))
  expect(AGENT_COMMAND_KINDS.filter((kind) => !asked.has(kind))).toEqual([])
  expect(Object.keys(AGENT_UNDO).every((kind) => asked.has(kind as keyof typeof AGENT_UNDO))).toBe(true)
  expect(new Set(sent.map(({ key }) => key)).size).toBe(2)
})

it('says of every change on a host which host it is, and of an account there which account', async () => {
  const agents = { plan: async () => ({ agent: 'a', host: 'agent-7', also: ['a', 'dc1'] }) } as unknown as AgentCommands
  const all = actions({ agents } as unknown as ActionDeps)
  const context = { scope: 'default', key: 'k', by: 'x', signal: AbortSignal.timeout(5000), now: Date.now }
  const never = { networks: [], hosts: ['dc*'], accounts: ['root'] }
  const protectedBy = async (id: string, input: object, guarded: Partial<typeof never>) => {
    const action = all.get(id)!
    const { targets } = await action.plan(action.input.parse(input), context)
    const settings = { ...DEFAULT_GUARDS, never: { networks: [], hosts: [], accounts: [], ...guarded } }
    return protectedTarget(targets, settings)?.by
  }
  const { hosts, accounts } = never
  for (const host of ['agent-7', 'a', 'dc1']) {
    expect(await protectedBy('isolate-host', { host }, { hosts })).toBe('dc*')
    expect(await protectedBy('kill-process', { host, pid: 7, name: 'sh' }, { hosts })).toBe('dc*')
    expect(await protectedBy('quarantine-file', { host, path: '/x' }, { hosts })).toBe('dc*')
    expect(await protectedBy('disable-account-on-host', { host, account: 'root' }, { accounts })).toBe('root')
    // Evidence is taken of any host.
    expect(await protectedBy('collect-from-host', { host }, { hosts })).toBeUndefined()
  }
})
