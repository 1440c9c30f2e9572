import type { Kysely } from 'kysely'
import type { RuleInfo } from '../../kernel/detection.ts'
import { ruleNamed } from './judge.ts'
import type { Scenario } from './load.ts'
import { lastRuns, runOf } from './queries.ts'
import type { ProofState, ScenarioRun } from './schema.ts'

/** A scenario with what its last execution is worth now. */
export interface ProvenScenario {
  readonly scenario: Scenario
  readonly state: ProofState
  readonly run: ScenarioRun | undefined
  /** Milliseconds UTC of the last execution. */
  readonly at: number | undefined
  readonly outbox: number | undefined
}

/** How each scenario stood at `to` (milliseconds UTC, exclusive), judged by the rules and scenarios that are there now. */
export async function provenScenarios<T>(
  db: Kysely<T>,
  scenarios: readonly Scenario[],
  rules: readonly RuleInfo[],
  to: number,
): Promise<ProvenScenario[]> {
  const rows = new Map((await lastRuns(db as never, to)).map((row) => [row.scenario, row]))
  return scenarios.map((scenario) => {
    const row = rows.get(scenario.id)
    if (row === undefined) return { scenario, state: 'never', run: undefined, at: undefined, outbox: undefined }
    const run = runOf(row)
    return { scenario, state: proofState(scenario, run, rules), run, at: row.at, outbox: row.outbox }
  })
}

/** A proof holds for the very texts that were executed: a rule or scenario that changed since has to be executed again. */
export function proofState(scenario: Scenario, run: ScenarioRun, rules: readonly RuleInfo[]): ProofState {
  if (run.result !== 'passed') return run.result
  if (run.sha256 !== scenario.sha256) return 'stale'
  const same = scenario.rules.every((name) => {
    const rule = ruleNamed(name, rules)
    return rule !== undefined && run.rules.some((one) => one.rule === rule.id && one.version === rule.version)
  })
  return same ? 'passed' : 'stale'
}

/** The proof of one technique: of several scenarios the one that passed last, otherwise the one executed last. */
export interface TechniqueProof {
  readonly technique: string
  readonly scenario: string
  readonly state: ProofState
  /** Milliseconds UTC. */
  readonly at: number
  readonly outbox: number
}

export function proofsByTechnique(scenarios: readonly ProvenScenario[]): TechniqueProof[] {
  const best = new Map<string, TechniqueProof>()
  for (const { scenario, state, at, outbox } of scenarios) {
    if (at === undefined || outbox === undefined) continue
    for (const technique of scenario.techniques) {
      const proof: TechniqueProof = { technique, scenario: scenario.id, state, at, outbox }
      const before = best.get(technique)
      best.set(technique, before === undefined ? proof : betterProof(before, proof))
    }
  }
  return [...best.values()]
}

export function betterProof(a: TechniqueProof, b: TechniqueProof): TechniqueProof {
  if ((a.state === 'passed') !== (b.state === 'passed')) return a.state === 'passed' ? a : b
  return b.at > a.at ? b : a
}
