import { z } from 'zod'
import type { Clock } from '../../kernel/clock.ts'
import { TACTICS } from '../../kernel/detection.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { type Route, route } from '../../platform/http/route.ts'
import type { State } from '../../platform/state/state.ts'
import type { DetectDeps } from '../routes-deps.ts'
import { ruleNamed } from './judge.ts'
import { type ProvenScenario, provenScenarios } from './proofs.ts'
import { runOf, runsOf } from './queries.ts'
import {
  type ScenarioRow,
  type SelftestReport,
  scenarioDetail,
  scenariosResponse,
  selftestBody,
  selftestReport,
} from './schema.ts'
import { WIRES } from './wires.ts'

export interface ScenarioDeps extends Pick<DetectDeps, 'attack' | 'rules' | 'scenarios' | 'ledgerIndexes'> {
  readonly state: State
  readonly clock: Clock
  /**
   * Executes scenarios through the way that every event takes; all where no names are given.
   * @throws KanpekiError `not_found` for a name that no scenario has.
   */
  execute(names: readonly string[] | undefined): Promise<SelftestReport>
  /** When all were executed last, and when they will be next, milliseconds UTC. */
  schedule(): Promise<{ readonly last: number | undefined; readonly next: number | undefined }>
}

const RUNS_SHOWN = 30

/** What can be executed to prove coverage, and what the last execution gave. */
export function scenarioRoutes(deps: ScenarioDeps): Route[] {
  const { state, clock, scenarios } = deps
  const standing = async (): Promise<ProvenScenario[]> =>
    await provenScenarios(state.tables(), scenarios().scenarios, deps.rules().loaded, clock.now() + 1)

  function row({ scenario, state: proof, run, outbox }: ProvenScenario, places: ReadonlyMap<number, number>): ScenarioRow {
    const wires = new Set([...scenario.attack, ...scenario.nearMisses.flatMap(({ send }) => send)].map(({ wire }) => wire))
    const tactics = new Set(scenario.techniques.flatMap((id) => deps.attack.techniques.get(id)?.tactics ?? []))
    return {
      id: scenario.id,
      title: scenario.title,
      platform: scenario.platform,
      techniques: scenario.techniques,
      tactics: TACTICS.filter((tactic) => tactics.has(tactic)),
      rules: scenario.rules.flatMap((name) => ruleNamed(name, deps.rules().loaded)?.id ?? []),
      wires: [...wires].map((id) => ({ id, name: WIRES[id].name, reference: WIRES[id].reference })),
      nearMisses: scenario.nearMisses.map(({ title }) => title),
      state: proof,
      last: run ?? null,
      ledgerIndex: outbox === undefined ? null : (places.get(outbox) ?? null),
    }
  }

  return [
    route({
      method: 'GET',
      path: '/api/v1/scenarios',
      permission: 'rules:read',
      summary: 'Scenarios that prove coverage by execution, with the last execution of each',
      response: scenariosResponse,
      handle: async () => {
        const proven = await standing()
        const places = await deps.ledgerIndexes(proven.flatMap(({ outbox }) => outbox ?? []))
        const { last, next } = await deps.schedule()
        return {
          scenarios: proven.map((one) => row(one, places)),
          refused: [...scenarios().refused],
          lastRun: last === undefined ? null : new Date(last).toISOString(),
          nextRun: next === undefined ? null : new Date(next).toISOString(),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/scenarios/:id',
      permission: 'rules:read',
      summary: 'One scenario: its file, and its executions, newest first',
      params: z.object({ id: z.string().min(1).max(200) }),
      response: scenarioDetail,
      handle: async ({ params }) => {
        const found = (await standing()).find(({ scenario }) => scenario.id === params.id)
        if (found === undefined) throw new KanpekiError('not_found', `There is no scenario ${params.id}.`)
        const places = await deps.ledgerIndexes(found.outbox === undefined ? [] : [found.outbox])
        const runs = await runsOf(state.tables(), params.id, RUNS_SHOWN)
        return { ...row(found, places), text: found.scenario.text, runs: runs.map(runOf) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/selftest',
      permission: 'sources:write',
      summary: 'Execute scenarios through the real ingest path and say what was seen',
      body: selftestBody,
      response: selftestReport,
      handle: async ({ body }) => await deps.execute(body.scenarios),
    }),
  ]
}
