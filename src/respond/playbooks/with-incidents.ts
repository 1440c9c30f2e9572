import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { IncidentDeps } from '../incidents/deps.ts'
import { incidentOfAlerts, noteContained, workedOnIn } from '../incidents/seams.ts'
import type { IncidentTables } from '../incidents/tables.ts'
import { changeRun } from './queries.ts'
import type { PlaybookTables, RunsTable } from './tables.ts'

const BACK_MS = 3_600_000
const A_PAGE = 500

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
  for (let isMore = true; isMore; ) {
    const runs = await toSettle(state, now - BACK_MS)
    let settled = 0
    for (const run of runs) if (await settle(state, incidents, run, now)) settled++
    found += settled
    // Those that are settled do not come again.
    isMore = runs.length === A_PAGE && settled > 0
  }
  return found
}

/** Runs that ended since a time, whose incident is there and was not told; runs of alerts that nobody opened one for would hide them. */
async function toSettle(state: State, since: number): Promise<RunsTable[]> {
  return await state
    .tables<PlaybookTables & IncidentTables>()
    .selectFrom('respond_runs')
    .selectAll('respond_runs')
    .where('settled', '=', 0)
    .where('ended', '>', since)
    .where((eb) =>
      eb.or([
        eb('incident_id', 'is not', null),
        eb.exists(
          eb
            .selectFrom('respond_incident_alerts as held')
            .innerJoin('respond_incidents as incident', 'incident.id', 'held.incident_id')
            .select('held.alert_id')
            .whereRef('held.scope', '=', 'respond_runs.scope')
            .whereRef('held.alert_id', '=', 'respond_runs.alert_id')
            .where('incident.state', '=', 'open'),
        ),
      ]),
    )
    .orderBy('ended')
    .limit(A_PAGE)
    .execute()
}

async function settle(
  state: State,
  incidents: Pick<IncidentDeps, 'policy' | 'tell'>,
  run: RunsTable,
  now: number,
): Promise<boolean> {
  const db = state.scoped<IncidentTables>(run.scope)
  const known = run.incident_id ?? (await incidentOfAlerts(db, [run.alert_id ?? '']))
  if (known === undefined) return false
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
  return true
}

function contains(run: RunsTable): boolean {
  return run.mode === 'real' && run.contained === 1 && run.state === 'done'
}
