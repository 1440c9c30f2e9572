import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RunsTable, StepsTable } from './tables.ts'

/** What happened in a run, as the ledger keeps it. */
export type RunChange =
  | 'begun'
  | 'planned'
  | 'asked'
  | 'approved'
  | 'refused'
  | 'answered'
  | 'started'
  | 'retry'
  | 'unsure'
  | 'done'
  | 'failed'
  | 'late'
  | 'undo-started'
  | 'undone'
  | 'undo-failed'
  | 'stop'
  | 'ended'

export function runEvidence(
  run: Pick<
    RunsTable,
    'id' | 'scope' | 'playbook_id' | 'version' | 'mode' | 'simulated' | 'alert_id' | 'incident_id' | 'by_name'
  >,
  change: RunChange,
  now: number,
  more: JsonObject = {},
  step?: Pick<StepsTable, 'key' | 'step_id' | 'work' | 'tries' | 'path'>,
): Evidence {
  const body: JsonObject = {
    change,
    run: run.id,
    playbook: run.playbook_id,
    version: run.version,
    mode: run.mode,
    by: run.by_name,
    ...(run.simulated === 1 ? { simulated: true } : {}),
    ...(run.alert_id === null ? {} : { alert: run.alert_id }),
    ...(run.incident_id === null ? {} : { incident: run.incident_id }),
    ...(step === undefined
      ? {}
      : { step: { id: step.step_id, path: step.path, key: step.key, work: step.work, tries: step.tries } }),
    ...more,
  }
  return { type: 'run', scope: run.scope, observed: now, received: now, body }
}
