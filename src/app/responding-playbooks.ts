import { join } from 'node:path'
import { listScopes } from '../access/scopes/queries.ts'
import type { AccessTables } from '../access/tables.ts'
import type { StoredDetail } from '../detect/alerts-view.ts'
import { alertById } from '../detect/queries.ts'
import type { DetectTables } from '../detect/tables.ts'
import type { Action, ActionPlan } from '../kernel/action.ts'
import type { AgentCommands } from '../kernel/agent-command.ts'
import { messageOf } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import type { Route } from '../platform/http/route.ts'
import { readJson } from '../platform/state/columns.ts'
import { createConnections } from '../respond/connections/connections.ts'
import type { IncidentDeps, IncidentRun } from '../respond/incidents/deps.ts'
import { httpApi } from '../respond/playbooks/commands/http-api.ts'
import { look } from '../respond/playbooks/commands/look.ts'
import { program } from '../respond/playbooks/commands/program.ts'
import { sshCommand } from '../respond/playbooks/commands/ssh.ts'
import { loadLibrary, offerLibrary } from '../respond/playbooks/library.ts'
import { playbooks, runsOfIncident, stepsOfRuns, unansweredKeys } from '../respond/playbooks/queries.ts'
import { playbookRoutes } from '../respond/playbooks/routes.ts'
import { COMMANDS_WAIT_MS, settleLate } from '../respond/playbooks/run/late.ts'
import { createRunner } from '../respond/playbooks/run/runner.ts'
import type { Doers } from '../respond/playbooks/run/work.ts'
import type { PlaybookTables, StepsTable } from '../respond/playbooks/tables.ts'
import { settleWithIncidents } from '../respond/playbooks/with-incidents.ts'
import { factsOf } from './alerts-raised.ts'
import { CONTENT } from './places.ts'
import { playbookSearches } from './playbook-searches.ts'
import { repeatEvery, repeatOrSooner } from './repeat.ts'
import type { Services } from './services.ts'

/** Runs that are due are looked for so often; sooner where something happened that they may wait for. */
const LOOK_EVERY_MS = 1_000
const LOOK_SOONEST_MS = 20
const SETTLE_EVERY_MS = 2_000
const OFFER_EVERY_MS = 60_000

export const PLAYBOOKS = join(CONTENT, 'playbooks')

export interface Playbooks {
  readonly routes: readonly Route[]
  poke(): void
  stop(): Promise<void>
}

export interface PlaybookNeighbours {
  readonly actions: ReadonlyMap<string, Action>
  /** Runs moved on: evidence waits for the ledger, pages are old. */
  readonly changed: () => void
  readonly incidents: Pick<IncidentDeps, 'policy' | 'tell'>
  readonly agents: Pick<AgentCommands, 'cancel'>
}

type Needs = Pick<
  Services,
  'state' | 'clock' | 'log' | 'outgoing' | 'drainer' | 'config' | 'lake' | 'lakeAddress' | 'dir' | 'sealer'
>

/** Playbooks with their runner, wired to alerts, incidents, actions and the guarded door. */
export async function startPlaybooks(
  services: Needs,
  { actions, incidents, agents, changed }: PlaybookNeighbours,
): Promise<Playbooks> {
  const { state, clock, log, outgoing, drainer, lake } = services
  const told = (): void => {
    drainer.poke()
    changed()
  }
  const known = new Set(actions.keys())
  const library = loadLibrary(PLAYBOOKS, known)
  for (const { file, problem } of library.refused)
    log.warn('playbook refused', { place: `${file}:${problem.line}`, reason: problem.message })
  const offer = async (): Promise<void> => {
    const scopes = (await listScopes(state.tables<AccessTables>())).map(({ scope }) => scope)
    const kept = await offerLibrary(state, clock, library, [...new Set([DEFAULT_SCOPE, ...scopes])])
    if (kept > 0) drainer.poke()
  }
  await offer()
  const programs = services.config.values['respond-programs']
  const searches = playbookSearches(services)
  const doers: Doers = {
    actions,
    commands: {
      'http-api': httpApi(outgoing),
      ...(programs.length === 0 ? {} : { bash: program(programs) }),
      ssh: sshCommand(createConnections(services), outgoing),
      sigma: look('sigma', searches.sigma),
      yara: look('yara', searches.yara),
    },
  }
  const runner = createRunner({ state, clock, log, doers: () => doers, changed: told })
  const looking = repeatOrSooner(
    LOOK_EVERY_MS,
    LOOK_SOONEST_MS,
    () => runner.round(),
    (error) => log.error('looking for runs of playbooks failed and is tried again', { reason: messageOf(error) }),
  )
  const settling = repeatEvery(
    SETTLE_EVERY_MS,
    async () => {
      const settled = await settleWithIncidents(state, incidents, clock.now())
      const late = await settleLate({ state, actions, now: () => clock.now() })
      if (settled + late > 0) told()
    },
    (error) => log.error('telling incidents of runs failed and is tried again', { reason: messageOf(error) }),
  )
  /** What a step that was given up left for an agent is not done after somebody stopped it. */
  const takeBackUnanswered = async (which: { readonly run: string } | { readonly scope: string }): Promise<void> => {
    const keys = await unansweredKeys(state.tables<PlaybookTables>(), which, clock.now() - COMMANDS_WAIT_MS)
    for (const { scope, key } of keys) await agents.cancel(scope, key, 'Kanpeki')
  }
  const offering = repeatEvery(OFFER_EVERY_MS, offer, (error) =>
    log.error('offering the playbooks to a scope failed and is tried again', { reason: messageOf(error) }),
  )
  return {
    routes: playbookRoutes({
      state,
      clock,
      actions: () => known,
      alertOf: async (scope, id) => {
        const row = await alertById(state.scoped<DetectTables>(scope), id)
        if (row === undefined) return undefined
        const last = readJson<StoredDetail>(row.detail).eventIds.at(-1)
        const found = last === undefined ? [] : await lake.getMany(scope, [last])
        return factsOf(row, () => found[0]?.doc)
      },
      poke: () => {
        looking.poke()
        told()
      },
      cut: (which) => {
        runner.cut(which)
        void takeBackUnanswered(which).catch((error: unknown) =>
          log.error('commands that wait for agents could not be taken back', { reason: messageOf(error) }),
        )
      },
    }),
    poke: looking.poke,
    async stop() {
      const stopped = looking.stop()
      await runner.stop()
      await Promise.all([stopped, settling.stop(), offering.stop()])
    },
  }
}

/** What playbooks did for an incident, in the words of incidents. */
export async function runsForIncident(
  { state }: Pick<Services, 'state'>,
  scope: string,
  incident: string,
): Promise<IncidentRun[]> {
  const db = state.scoped<PlaybookTables>(scope)
  const runs = await runsOfIncident(db, incident)
  const names = new Map(runs.length === 0 ? [] : (await playbooks(db)).map(({ uid, name_ja: name }) => [uid, name]))
  const steps = Map.groupBy(
    await stepsOfRuns(
      db,
      runs.map(({ id }) => id),
    ),
    (step) => step.run_id,
  )
  return runs.map((run) => ({
    id: run.id,
    title: { en: run.playbook_name, ja: names.get(run.playbook_uid) ?? run.playbook_name },
    state: run.state,
    started: run.started ?? run.created,
    ended: run.ended,
    simulated: run.simulated === 1 || run.mode === 'plan',
    actions: (steps.get(run.id) ?? []).flatMap(deedOf),
  }))
}

function deedOf(step: StepsTable): { readonly at: number; readonly text: { readonly en: string; readonly ja: string } }[] {
  if (step.state !== 'done' || step.started === null || step.plan === null) return []
  return [{ at: step.ended ?? step.started, text: readJson<ActionPlan>(step.plan).summary }]
}
