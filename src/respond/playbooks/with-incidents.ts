import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { IncidentDeps } from '../incidents/deps.ts'
import { incidentOfAlerts, noteContained, workedOnIn } from '../incidents/seams.ts'
import type { IncidentTables } from '../incidents/tables.ts'
import { changeRun, settledRuns } from './queries.ts'
import type { PlaybookTables, RunsTable } from './tables.ts'

const BACK_MS = 3_600_000

/**
 * Tells incidents what runs did: a run may end before its incident is opened from the same alert, so that ended runs are
 * looked at for a while.
 * @returns how many runs found their incident.
 */
export async function settleWithIncidents(
  state: State,
  incidents: Pick<IncidentDeps, 'policy' | 'tell'>,
  now: number,
): Promise<number> {
  let found = 0
  for (const run of await settledRuns(state.tables<PlaybookTables>(), now - BACK_MS)) {
    const db = state.scoped<IncidentTables>(run.scope)
    const known = run.incident_id ?? (await incidentOfAlerts(db, [run.alert_id ?? '']))
    if (known === undefined) continue
    // It may have been merged while the run went on or waited for somebody.
    const incident = await workedOnIn(db, known)
    await state.transaction<PlaybookTables & IncidentTables, void>(async (trx) => {
      await changeRun(scopedTo(trx, run.scope), run.id, { incident_id: incident, settled: 1 })
      if (contains(run))
        await noteContained(
          scopedTo(trx, run.scope),
          incidents,
          incident,
          { kind: run.human === 1 ? 'person' : 'playbook', id: run.playbook_id, name: run.playbook_name, run: run.id },
          run.ended ?? now,
        )
    })
    found++
  }
  return found
}

function contains(run: RunsTable): boolean {
  return run.mode === 'real' && run.contained === 1 && run.state === 'done'
}
