import { join } from 'node:path'
import { refuseUnconfirmed } from '../access/confirm.ts'
import type { HostRules } from '../detect/host-rules.ts'
import { openCommandKey } from '../hosts/command-key.ts'
import { type Commands, createCommands } from '../hosts/commands.ts'
import { integrityRoutes } from '../hosts/integrity-routes.ts'
import { keyRoutes } from '../hosts/key-routes.ts'
import { linkRoutes } from '../hosts/link-routes.ts'
import { rulesToGive } from '../hosts/policy.ts'
import { releaseRoutes } from '../hosts/releases.ts'
import { hostRoutes } from '../hosts/routes.ts'
import { messageOf } from '../kernel/error.ts'
import type { Route } from '../platform/http/route.ts'
import type { Custody } from '../prove/custody/custody.ts'
import { agentParts } from './agent-parts.ts'
import { captureRoutes } from './captures.ts'
import { agentsOf, labelsOf } from './host-agents.ts'
import { repeatEvery } from './repeat.ts'
import type { Services } from './services.ts'

const SWEEP_EVERY_MS = 30_000
const RULES_EVERY_MS = 30_000

export interface Hosting {
  /** What respond's actions are given. */
  readonly commands: Commands
  readonly routes: (custody: Custody) => Route[]
  stop(): Promise<void>
}

/** Asked for at each request of each agent; rules change when the server starts, or one is quarantined. */
function everySoOften<T>(everyMs: number, clock: Services['clock'], read: () => Promise<T>): () => Promise<T> {
  let kept: { readonly at: number; readonly value: Promise<T> } | undefined
  return () => {
    const at = clock.now()
    if (kept !== undefined && Math.abs(at - kept.at) < everyMs) return kept.value
    const value = read()
    const mine = { at, value }
    kept = mine
    value.catch(() => {
      if (kept === mine) kept = undefined
    })
    return value
  }
}

/** The server's side of the agents: what they are told to do, and what they bring. */
export async function startHosting(
  services: Services,
  hostRules: () => Promise<HostRules>,
  /** The YARA rules in force, as one source. */
  yaraSource: string | undefined,
): Promise<Hosting> {
  const { state, clock, dir, sealer, drainer, log } = services
  const key = await openCommandKey(dir.keys, sealer)
  const agents = agentsOf(state)
  const labels = labelsOf(state)
  const changed = drainer.poke
  const parts = agentParts(yaraSource, log)
  const rules = everySoOften(RULES_EVERY_MS, clock, async () =>
    rulesToGive({ ...(await hostRules()), ...(parts.yara === undefined ? {} : { yara: parts.yara }) }),
  )
  const commands = createCommands({ state, clock, key, agents, changed })
  const sweeping = repeatEvery(
    SWEEP_EVERY_MS,
    () => commands.sweep(),
    (error) => log.error('commands that ran out could not be marked; it is tried again', { reason: messageOf(error) }),
  )
  return {
    commands,
    routes: (custody) => [
      ...captureRoutes(custody),
      ...releaseRoutes({ state, clock, commands, folder: join(dir.root, 'agent-releases'), changed }),
      ...hostRoutes({ state, clock, commands, agents, labelsOf: labels, confirm: refuseUnconfirmed, changed, rules }),
      ...integrityRoutes({ state, clock, commands, agents, confirm: refuseUnconfirmed }),
      ...keyRoutes({ state, clock, key, confirm: refuseUnconfirmed, changed, wake: commands.wake }),
      ...linkRoutes({
        state,
        clock,
        key,
        commands,
        labelsOf: labels,
        rules,
        part: parts.part,
        keep: async (agent, { command, name }, source) => {
          const about = { name, kind: 'capture' as const, source: `agent ${agent.name}`, note: `command ${command}` }
          return await custody.add(agent, about, source)
        },
      }),
    ],
    stop: () => sweeping.stop(),
  }
}
