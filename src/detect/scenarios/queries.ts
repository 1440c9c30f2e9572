import type { Kysely } from 'kysely'
import { SELFTEST_SCOPE } from '../../kernel/event.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { DetectTables } from '../tables.ts'
import type { ScenarioRun } from './schema.ts'
import type { ScenarioRunsTable, ScenarioTables } from './tables.ts'

type Db = Kysely<DetectTables & ScenarioTables>

const ROWS_A_STATEMENT = 50

export async function insertRuns(db: Db, rows: readonly ScenarioRunsTable[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await db
      .insertInto('detect_scenario_runs')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .execute()
}

/** The last execution of each scenario before `to`. */
export async function lastRuns(db: Db, to: number): Promise<ScenarioRunsTable[]> {
  return await db
    .selectFrom('detect_scenario_runs as run')
    .innerJoin(
      db
        .selectFrom('detect_scenario_runs')
        .where('scope', '=', SELFTEST_SCOPE)
        .where('at', '<', to)
        .groupBy('scenario')
        .select((eb) => ['scenario as name', eb.fn.max<number>('at').as('last')])
        .as('newest'),
      (join) => join.onRef('newest.name', '=', 'run.scenario').onRef('newest.last', '=', 'run.at'),
    )
    .where('run.scope', '=', SELFTEST_SCOPE)
    .selectAll('run')
    .orderBy('run.scenario')
    .execute()
}

export async function runsOf(db: Db, scenario: string, limit: number): Promise<ScenarioRunsTable[]> {
  return await db
    .selectFrom('detect_scenario_runs')
    .selectAll()
    .where('scope', '=', SELFTEST_SCOPE)
    .where('scenario', '=', scenario)
    .orderBy('at', 'desc')
    .limit(limit)
    .execute()
}

export async function forgetRuns(db: Db, before: number): Promise<void> {
  await db.deleteFrom('detect_scenario_runs').where('scope', '=', SELFTEST_SCOPE).where('at', '<', before).execute()
}

/** What scenarios raised, so that it can be told whose they are. */
export async function scenarioAlerts(db: Db) {
  return await db
    .selectFrom('detect_alerts')
    .where('scope', '=', SELFTEST_SCOPE)
    .select(['id', 'rule_id', 'rule_version', 'title', 'title_ja', 'detail'])
    .orderBy('id')
    .execute()
}

/** Alerts of the run before: their evidence stays in the ledger. */
export async function clearScenarioAlerts(db: Db): Promise<void> {
  for (const table of ['detect_alerts', 'detect_seen', 'detect_proofs', 'detect_history'] as const)
    await db.deleteFrom(table).where('scope', '=', SELFTEST_SCOPE).execute()
}

/** A row as the API has it. */
export function runOf(row: ScenarioRunsTable): ScenarioRun {
  return {
    run: row.run_id,
    scenario: row.scenario,
    at: new Date(row.at).toISOString(),
    result: row.result,
    techniques: readJson<string[]>(row.techniques),
    sha256: row.sha256,
    ...readJson<RunDetail>(row.detail),
  }
}

export type RunDetail = Pick<ScenarioRun, 'records' | 'rules' | 'alerts' | 'silent' | 'notLoaded' | 'loud' | 'reason'>
