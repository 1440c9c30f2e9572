import { randomUUID } from 'node:crypto'
import { flag, jsonText } from '../../platform/state/columns.ts'
import type { AlertSnapshot, IncidentDeps } from './deps.ts'
import { type Actor, enter } from './enter.ts'
import { gradeOf } from './phases.ts'
import { planMessages, plannedTasks, startClocks } from './plan-work.ts'
import { policyOf } from './policy.ts'
import { type Db, insertAlerts, insertIncident, insertTasks, nextNumber, onCallAt, setRole } from './queries.ts'
import type { Grade } from './schema.ts'
import type { IncidentAlertsTable, IncidentsTable } from './tables.ts'
import type { Both } from './words.ts'

export interface Opening {
  readonly scope: string
  readonly title?: string | undefined
  /** The same as `title` where absent. */
  readonly titleJa?: string | undefined
  readonly severity?: Grade | undefined
  readonly summary: string
  readonly alerts: readonly AlertSnapshot[]
  /** By the severity policy, without a person. */
  readonly automatic: boolean
  readonly exercise: string | null
}

/**
 * Opens an incident in `identification`: with its alerts, the tasks and messages that the policy asks for, and whoever is
 * on call in their roles.
 * @param trx limited to the scope.
 */
export async function openIncident(
  trx: Db,
  deps: IncidentDeps,
  opening: Opening,
  by: Actor,
  now: number,
): Promise<IncidentsTable> {
  const { scope, alerts, automatic, exercise } = opening
  const gravest = alerts.toSorted((a, b) => a.severity - b.severity || a.raised - b.raised)[0]
  const times = timesOf(alerts)
  const row: IncidentsTable = {
    id: randomUUID(),
    scope,
    number: await nextNumber(trx, scope),
    title: (opening.title ?? titleOf(gravest).en).slice(0, 300),
    title_ja: (opening.titleJa ?? opening.title ?? titleOf(gravest).ja).slice(0, 300),
    summary: opening.summary,
    severity: opening.severity ?? gradeOf(gravest?.severity ?? 3),
    phase: 'identification',
    state: 'open',
    outcome: null,
    exercise,
    merged_into: null,
    opened: now,
    opened_by: by.name,
    automatic: flag(automatic),
    ...times,
    acknowledged: by.person ? Math.min(now, ...alerts.flatMap(({ acknowledged }) => acknowledged ?? [])) : times.acknowledged,
    contained: null,
    contained_by: null,
    closed: null,
    updated: now,
    post_mortem: null,
  }
  await insertIncident(trx, row)
  await insertAlerts(
    trx,
    alerts.map((alert) => alertRow(row, alert, now)),
  )
  const policy = await policyOf(deps.policy, trx)
  await insertTasks(trx, plannedTasks(policy, row, now))
  const opened = await enter(
    trx,
    row,
    by,
    {
      kind: 'opened',
      text: {
        en: `Opened as P${row.severity}${automatic ? ' by the severity policy' : ''}`,
        ja: `P${row.severity}で起票${automatic ? '（重大度ポリシーによる自動起票）' : ''}`,
      },
      facts: { title: row.title, severity: row.severity, phase: row.phase, alerts: alerts.map(({ id }) => id), automatic },
    },
    now,
  )
  for (const [role, person] of await onCallAt(trx, now)) {
    await setRole(trx, { incident_id: row.id, role, scope, person, since: now })
  }
  await startClocks(trx, policy, opened, now)
  await planMessages(trx, deps, opened, 'opened', now)
  await planMessages(trx, deps, opened, 'identification', now)
  return opened
}

function titleOf(alert: AlertSnapshot | undefined): Both {
  return alert === undefined
    ? { en: 'Incident', ja: 'インシデント' }
    : { en: `${alert.title.en}: ${alert.entity.name}`, ja: `${alert.title.ja}：${alert.entity.name}` }
}

/** What the clocks of an incident stand on, as its alerts say it. */
export function timesOf(
  alerts: readonly Pick<AlertSnapshot, 'firstObserved' | 'raised' | 'acknowledged'>[],
): Pick<IncidentsTable, 'first_observed' | 'detected' | 'acknowledged'> {
  const least = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.min(...times))
  return {
    first_observed: least(alerts.map(({ firstObserved }) => firstObserved)),
    detected: least(alerts.map(({ raised }) => raised)),
    acknowledged: least(alerts.flatMap(({ acknowledged }) => acknowledged ?? [])),
  }
}

const MOST_EVENTS = 200

export function alertRow({ id, scope }: IncidentsTable, alert: AlertSnapshot, now: number): IncidentAlertsTable {
  return {
    incident_id: id,
    alert_id: alert.id,
    scope,
    rule_id: alert.rule,
    title: alert.title.en,
    title_ja: alert.title.ja,
    severity: alert.severity,
    entity_kind: alert.entity.kind,
    entity_name: alert.entity.name,
    techniques: jsonText(alert.techniques),
    events: jsonText(alert.events.slice(0, MOST_EVENTS)),
    first_observed: alert.firstObserved,
    raised: alert.raised,
    added: now,
  }
}
