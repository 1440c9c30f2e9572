import { alertById } from '../detect/queries.ts'
import type { DetectTables } from '../detect/tables.ts'
import type { Action } from '../kernel/action.ts'
import { messageOf } from '../kernel/error.ts'
import type { Route } from '../platform/http/route.ts'
import { httpApi } from '../respond/playbooks/commands/http-api.ts'
import { playbookRoutes } from '../respond/playbooks/routes.ts'
import { createRunner } from '../respond/playbooks/run/runner.ts'
import { factsOf } from './alerts-raised.ts'
import { repeatOrSooner } from './repeat.ts'
import type { Services } from './services.ts'

/** Runs that are due are looked for so often; sooner where something happened that they may wait for. */
const LOOK_EVERY_MS = 1_000
const LOOK_SOONEST_MS = 20

export interface Playbooks {
  readonly routes: readonly Route[]
  poke(): void
  stop(): Promise<void>
}

export interface PlaybookNeighbours {
  readonly actions: ReadonlyMap<string, Action>
  /** Runs moved on: evidence waits for the ledger, pages are old. */
  readonly changed: () => void
}

/** Playbooks with their runner, wired to alerts, actions and the guarded door. */
export function startPlaybooks(
  { state, clock, log, outgoing, drainer }: Pick<Services, 'state' | 'clock' | 'log' | 'outgoing' | 'drainer'>,
  { actions, changed }: PlaybookNeighbours,
): Playbooks {
  const told = (): void => {
    drainer.poke()
    changed()
  }
  const doers = { actions, commands: { 'http-api': httpApi(outgoing) } }
  const runner = createRunner({ state, clock, log, doers: () => doers, changed: told })
  const looking = repeatOrSooner(
    LOOK_EVERY_MS,
    LOOK_SOONEST_MS,
    () => runner.round(),
    (error) => log.error('looking for runs of playbooks failed and is tried again', { reason: messageOf(error) }),
  )
  const known = new Set(actions.keys())
  return {
    routes: playbookRoutes({
      state,
      clock,
      actions: () => known,
      alertOf: async (scope, id) => {
        const row = await alertById(state.scoped<DetectTables>(scope), id)
        return row === undefined ? undefined : factsOf(row)
      },
      poke: () => {
        looking.poke()
        told()
      },
      cut: runner.cut,
    }),
    poke: looking.poke,
    async stop() {
      const stopped = looking.stop()
      await runner.stop()
      await stopped
    },
  }
}
