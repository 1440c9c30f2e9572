import { AsyncLocalStorage } from 'node:async_hooks'
import { join } from 'node:path'
import { migrations } from '../../src/app/migrations.ts'
import { responseActions } from '../../src/app/response-actions.ts'
import type { Services } from '../../src/app/services.ts'
import { openCommandKey } from '../../src/hosts/command-key.ts'
import { createCommands, type KnownAgent } from '../../src/hosts/commands.ts'
import type { ReceiptMessage } from '../../src/hosts/schema.ts'
import type { Action } from '../../src/kernel/action.ts'
import { AGENT_COMMAND_KINDS } from '../../src/kernel/agent-command.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { createOutgoing } from '../../src/platform/outgoing/outgoing.ts'
import { createSealer } from '../../src/platform/secrets/sealer.ts'
import { openState, type State } from '../../src/platform/state/state.ts'
import { openContents } from '../../src/prove/custody/contents.ts'
import { openCustody } from '../../src/prove/custody/custody.ts'
import { httpApi } from '../../src/respond/playbooks/commands/http-api.ts'
import { program } from '../../src/respond/playbooks/commands/program.ts'
import { createRunner, type Runner } from '../../src/respond/playbooks/run/runner.ts'

/** Where a step may be held up, so that its process can be killed there. `middle`: it happened, and the answer never came. */
export const POINTS = ['plan', 'before', 'middle', 'after', 'undo-before', 'undo-after'] as const
export type Point = (typeof POINTS)[number]
export type Hold = (action: string, point: Point) => Promise<void>
/** Gives a signed command to the agent; answers with what came of it. */
export type CarryOut = (text: string) => Promise<ReceiptMessage & { readonly kind: string; readonly again: boolean }>

export interface House {
  readonly state: State
  readonly runner: Runner
  readonly actions: ReadonlyMap<string, Action>
  readonly complaints: unknown[]
  close(): Promise<void>
}

export const AGENT: KnownAgent = { id: '7d2f8c3e-3a51-4d11-9a0e-1f6f0a5b7c11', scope: 'default', name: 'web-1', lastSeen: null }
export const SEALER = createSealer([Buffer.alloc(32, 7)])
/** Which action waits for an agent that was told this. */
const BY_KIND: Readonly<Record<string, string>> = {
  kill: 'kill-process',
  quarantine: 'quarantine-file',
  isolate: 'isolate-host',
  'block-address': 'block-address-on-host',
  'disable-account': 'disable-account-on-host',
  collect: 'collect-from-host',
}
/** Requests that only look, although they are POST; and those before the one that counts. */
const looks = (url: string, body: string): boolean =>
  /Action=(List|Update)|Action=Get/.test(body) || url.includes('/metadata/') || url.endsWith('/comments')

/** The part of a server that carries out playbooks: the real runner, every real action, the queue for agents, custody, on one store. */
export async function openHouse(root: string, carryOut: CarryOut, hold: Hold = async () => {}): Promise<House> {
  const state = await openState({ path: join(root, 'state.db') }, migrations)
  const complaints: unknown[] = []
  const log = { error: (...all: unknown[]) => void complaints.push(all), warn: () => {} }
  const within = new AsyncLocalStorage<string>()
  const door = createOutgoing({ allow: ['127.0.0.1'], log })
  const outgoing: typeof door = {
    ...door,
    async fetch(url, init) {
      const reply = await door.fetch(url, init)
      const action = within.getStore()
      if (action !== undefined && (init?.method ?? 'GET') !== 'GET' && !looks(String(url), String(init?.body ?? '')))
        await hold(action, 'middle')
      return reply
    },
  }
  const commands = createCommands({
    state,
    clock: systemClock,
    key: await openCommandKey(root, SEALER),
    agents: async () => [AGENT],
    changed: () => {},
  })
  const custody = await openCustody({
    ...{ state, clock: systemClock, sealer: SEALER, quota: 1e9, most: 1e8, changed: () => {} },
    contents: await openContents(root, true),
  })
  const values = { 'session-idle': 3_600_000, 'session-life': 86_400_000, 'second-factor': 'optional', geoip: [] }
  const services = {
    ...{ state, clock: systemClock, sealer: SEALER, outgoing, dir: { root }, config: { values }, drainer: { poke: () => {} } },
    lake: { getMany: async (_: string, ids: readonly string[]) => ids.map((id) => ({ id, doc: { event: { id } } })) },
  } as unknown as Services
  const held = (id: string, one: Action): Action => {
    const { undo } = one
    return {
      ...one,
      async plan(input, context) {
        await hold(id, 'plan')
        return await one.plan(input, context)
      },
      async run(input, context) {
        await hold(id, 'before')
        const receipt = await within.run(id, () => one.run(input, context))
        await hold(id, 'after')
        return receipt
      },
      ...(undo === undefined
        ? {}
        : {
            async undo(receipt, context) {
              await hold(id, 'undo-before')
              const back = await undo(receipt, context)
              await hold(id, 'undo-after')
              return back
            },
          }),
    }
  }
  const all = responseActions(services, { agents: commands, custody })
  const actions = new Map([...all].map(([id, one]) => [id, held(id, one)]))
  const runner = createRunner({
    ...{ state, clock: systemClock, log, changed: () => {} },
    atOnce: 32,
    doers: () => ({
      actions,
      commands: { 'http-api': held('http-api', httpApi(outgoing)), bash: held('bash', program(['/usr/bin/tee'])) },
    }),
  })
  const ending = new AbortController()
  const status = { version: '1', host: 'web-1', kinds: [...AGENT_COMMAND_KINDS], isolated: null, blocked: 0, policy: null }
  const busy = new Set<string>()
  const serve = async (): Promise<void> => {
    while (!ending.signal.aborted)
      for (const { text } of await commands.take(AGENT, status, [...busy], ending.signal)) {
        const { id } = JSON.parse(text) as { id: string }
        busy.add(id)
        void carryOut(text).then(async ({ kind, again: _, ...message }) => {
          await hold(BY_KIND[kind] ?? kind, 'middle')
          await commands.receive(AGENT, { id: message.id, result: message.result })
          busy.delete(id)
        })
      }
  }
  const serving = serve()
  return {
    state,
    runner,
    actions,
    complaints,
    async close() {
      await runner.stop()
      ending.abort()
      await serving
      await state.close()
    },
  }
}
