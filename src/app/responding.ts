import { join } from 'node:path'
import type { Action } from '../kernel/action.ts'
import type { AgentCommands } from '../kernel/agent-command.ts'
import type { Route } from '../platform/http/route.ts'
import type { Custody } from '../prove/custody/custody.ts'
import { exerciseRoutes } from '../respond/exercises/routes.ts'
import { readScripts } from '../respond/exercises/scripts.ts'
import { incidentRoutes } from '../respond/incidents/routes.ts'
import { CONTENT } from './places.ts'
import { incidentDeps, startIncidents } from './responding-incidents.ts'
import { runsForIncident, startPlaybooks } from './responding-playbooks.ts'
import { responseActions } from './response-actions.ts'
import type { Services } from './services.ts'

export interface Responding {
  readonly routes: readonly Route[]
  /** What can be done, for whoever asks for one thing of it alone. */
  readonly actions: ReadonlyMap<string, Action>
  /** Alerts were raised, or something was sent. */
  poke(): void
  stop(): Promise<void>
}

export interface RespondingNeighbours {
  /** The console's address as people reach it, without a trailing slash. */
  readonly origin: () => string
  /** Pages about incidents are old. */
  readonly changed: () => void
  /** Something waits for a channel. */
  readonly told: () => void
  readonly agents: AgentCommands
  readonly custody: Custody
}

/** Incidents, playbooks and what they do, wired to the rest of the house. */
export async function startResponding(
  services: Services,
  { origin, changed, told, agents, custody }: RespondingNeighbours,
): Promise<Responding> {
  const { drainer } = services
  const incidents = incidentDeps(services, {
    origin,
    runs: (scope, incident) => runsForIncident(services, scope, incident),
    changed: () => {
      drainer.poke()
      told()
      changed()
    },
  })
  const exercises = { incidents, scripts: readScripts(join(CONTENT, 'exercises')) }
  const watching = startIncidents(exercises, services)
  const actions = responseActions(services, { agents, custody })
  const playbooks = await startPlaybooks(services, { actions, incidents, agents, changed })
  return {
    actions,
    routes: [...incidentRoutes(incidents), ...exerciseRoutes(exercises), ...playbooks.routes],
    poke() {
      watching.poke()
      playbooks.poke()
    },
    async stop() {
      await playbooks.stop()
      await watching.stop()
    },
  }
}
