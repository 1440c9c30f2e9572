import type { Result } from './schema.ts'

/** One execution of one scenario. Times are milliseconds UTC; `techniques` and `detail` are JSON. */
export interface ScenarioRunsTable {
  run_id: string
  scenario: string
  scope: string
  at: number
  result: Result
  sha256: string
  techniques: string
  detail: string
  /** Place in the evidence outbox. */
  outbox: number
}

export interface ScenarioTables {
  detect_scenario_runs: ScenarioRunsTable
}
