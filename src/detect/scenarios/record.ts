import type { Kysely } from 'kysely'
import { DEFAULT_SCOPE, SELFTEST_SCOPE } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { StoredDetail } from '../alerts-view.ts'
import type { RaisedAlert } from './judge.ts'
import type { Scenario } from './load.ts'
import { clearScenarioAlerts, forgetRuns, insertRuns, type RunDetail, scenarioAlerts } from './queries.ts'
import type { Result, ScenarioRun } from './schema.ts'

/** A proof older than this counts for nothing anyway; the ledger keeps it. */
const KEPT_MS = 400 * 86_400_000

export interface Executed {
  readonly scenario: Scenario
  readonly result: Result
  readonly detail: RunDetail
}

/** Takes the alerts of the run before away, so that none of them can be mistaken for one of this. */
export async function beginRun<T>(trx: Kysely<T>): Promise<void> {
  await clearScenarioAlerts(trx as never)
}

/** What the scenarios raised. */
export async function raisedByScenarios<T>(db: Kysely<T>): Promise<RaisedAlert[]> {
  return (await scenarioAlerts(db as never)).map((row) => ({
    rule: row.rule_id,
    version: row.rule_version,
    title: row.title,
    titleJa: row.title_ja,
    alert: row.id,
    eventIds: readJson<StoredDetail>(row.detail).eventIds,
  }))
}

/** Keeps what a run gave, each execution with a leaf of its own in the ledger. `now` is milliseconds UTC. */
export async function recordRun<T>(
  trx: Kysely<T>,
  run: string,
  executed: readonly Executed[],
  now: number,
): Promise<readonly ScenarioRun[]> {
  const at = new Date(now).toISOString()
  const runs = executed.map(
    ({ scenario, result, detail }): ScenarioRun => ({
      run,
      scenario: scenario.id,
      at,
      result,
      techniques: scenario.techniques,
      sha256: scenario.sha256,
      ...detail,
    }),
  )
  const evidence = runs.map(({ at: executedAt, ...body }): Evidence => {
    const text = { action: 'execute', executed: executedAt, ...body }
    // Whoever may read evidence may read this: it holds nobody's events.
    return { type: 'scenario', scope: DEFAULT_SCOPE, observed: now, received: now, body: text }
  })
  const last = await recordEvidence(trx, evidence, { now: () => now })
  const rows = executed.map(({ scenario, result, detail }, index) => ({
    run_id: run,
    scenario: scenario.id,
    scope: SELFTEST_SCOPE,
    at: now,
    result,
    sha256: scenario.sha256,
    techniques: jsonText(scenario.techniques),
    detail: jsonText(detail),
    outbox: last - evidence.length + 1 + index,
  }))
  await insertRuns(trx as never, rows)
  await forgetRuns(trx as never, now - KEPT_MS)
  return runs
}
