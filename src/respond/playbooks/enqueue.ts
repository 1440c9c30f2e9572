import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { runEvidence } from './evidence.ts'
import { armedPlaybooks, insertRuns, type PlaybooksDb } from './queries.ts'
import type { PlaybooksTable, RunsTable } from './tables.ts'
import { type AlertFacts, type Arming, givenBy, isTriggered } from './triggers.ts'

/**
 * Begins the playbooks that these alerts trigger, in the transaction that raises them: a run is there exactly when its alert
 * is. The same alert begins a playbook once, however often it is offered.
 * @returns how many runs begin.
 */
export async function enqueueRuns<T>(trx: Kysely<T>, alerts: readonly AlertFacts[], now: number): Promise<number> {
  if (alerts.length === 0) return 0
  const db = trx as unknown as PlaybooksDb
  const armed = await armedPlaybooks(db, [...new Set(alerts.map(({ scope }) => scope))])
  if (armed.length === 0) return 0
  const rows = armed.flatMap((playbook) => {
    const arming = readJson<Arming>(playbook.arming)
    return alerts
      .filter((alert) => alert.scope === playbook.scope && isTriggered(arming.triggers, alert))
      .map((alert) =>
        newRun(playbook, {
          id: runIdOf(playbook.uid, alert.id),
          alert: alert.id,
          given: givenBy(alert, arming),
          by: { account: null, name: `playbook ${playbook.id}` },
          human: false,
          now,
        }),
      )
  })
  const once = [...new Map(rows.map((row) => [row.id, row])).values()]
  const added = await insertRuns(db, once)
  const fresh = once.filter(({ id }) => added.has(id))
  await recordEvidence(
    trx,
    fresh.map((row) => runEvidence(row, 'begun', now, { given: readJson(row.given) })),
    { now: () => now },
  )
  return fresh.length
}

/** One alert begins one playbook once. */
export function runIdOf(playbookUid: string, alertId: string): string {
  return createHash('sha256').update(`run\0${playbookUid}\0${alertId}`).digest('hex').slice(0, 32)
}

export interface NewRun {
  readonly id: string
  readonly alert: string | null
  readonly given: Readonly<Record<string, string>>
  readonly by: { readonly account: string | null; readonly name: string }
  readonly human: boolean
  readonly now: number
  readonly mode?: RunsTable['mode']
  readonly version?: number
  readonly simulated?: boolean
  readonly incident?: string | null
}

export function newRun(playbook: PlaybooksTable, what: NewRun): RunsTable {
  return {
    id: what.id,
    scope: playbook.scope,
    playbook_uid: playbook.uid,
    playbook_id: playbook.id,
    playbook_name: playbook.name,
    version: what.version ?? playbook.version,
    mode: what.simulated === true ? 'plan' : (what.mode ?? playbook.mode),
    simulated: what.simulated === true ? 1 : 0,
    state: 'waiting',
    next: what.now,
    wakes: 0,
    stop_by: null,
    alert_id: what.alert,
    incident_id: what.incident ?? null,
    given: jsonText(what.given),
    human: what.human ? 1 : 0,
    contained: 0,
    settled: 0,
    undo_at: null,
    undo_by: null,
    code: null,
    reason: null,
    by_account: what.by.account,
    by_name: what.by.name,
    created: what.now,
    started: null,
    ended: null,
  }
}
