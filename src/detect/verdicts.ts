import type { Kysely } from 'kysely'
import { KanpekiError } from '../kernel/error.ts'
import type { Evidence } from '../kernel/evidence.ts'
import { jsonText, readJson } from '../platform/state/columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import { rfc3339, summaryOf } from './alerts-view.ts'
import { enqueueNotices } from './notify/enqueue.ts'
import { type AlertChange, alertsByIds, type Db, historyOf, insertHistory, markUndone, updateAlert } from './queries.ts'
import type { AlertSummary, HistoryEntry, Verdict } from './schema.ts'
import type { AlertHistoryTable, AlertsTable } from './tables.ts'

/** Who judges: a person, or a token acting for one. */
export interface Actor {
  readonly id: string
  readonly name: string
}

/** What an undo brings back. */
type Before = Pick<AlertsTable, 'state' | 'verdict' | 'judged' | 'assignee' | 'note'> & Partial<Pick<AlertsTable, 'quiet_until'>>

const HOUR_MS = 3_600_000

interface Deed {
  readonly action: HistoryEntry['action']
  readonly verdict: Verdict | null
  readonly assignee: string | null
  readonly note: string
}

/**
 * Gives one verdict to several alerts of a scope, all or none. `escalated` leaves them open.
 * @param quietHours how long a closed one goes on counting without being raised anew.
 * @param trx a transaction limited to the caller's scope.
 * @throws KanpekiError `not_found` if one of them does not exist in this scope.
 */
export async function giveVerdict(
  trx: Kysely<never>,
  ids: readonly string[],
  verdict: Verdict,
  note: string,
  by: Actor,
  now: number,
  quietHours = 0,
): Promise<AlertSummary[]> {
  const db = trx as unknown as Db
  return await forEach(db, ids, async (row) => {
    const change: AlertChange = {
      quiet_until: verdict === 'escalated' || quietHours === 0 ? null : now + quietHours * HOUR_MS,
      state: verdict === 'escalated' ? 'open' : 'closed',
      verdict,
      judged: verdict === 'escalated' ? null : now,
      note,
      updated: now,
      acknowledged: row.acknowledged ?? now,
    }
    await enter(db, row, change, { action: 'verdict', verdict, assignee: row.assignee, note }, by, now)
    if (verdict === 'escalated') await enqueueNotices(trx, [row], 'alert.escalated', now)
    return change
  })
}

/** Gives an alert to somebody, or (null) to nobody. */
export async function assignAlert(
  trx: Kysely<never>,
  id: string,
  assignee: string | null,
  by: Actor,
  now: number,
): Promise<AlertSummary[]> {
  const db = trx as unknown as Db
  return await forEach(db, [id], async (row) => {
    const change: AlertChange = { assignee, updated: now, acknowledged: row.acknowledged ?? now }
    await enter(db, row, change, { action: 'assign', verdict: row.verdict, assignee, note: '' }, by, now)
    return change
  })
}

/**
 * Takes back the last verdict or assignment of each alert. The history keeps both, and so does the ledger.
 * @throws KanpekiError `not_found`, or `conflict` if there is nothing to take back.
 */
export async function undoVerdict(trx: Kysely<never>, ids: readonly string[], by: Actor, now: number): Promise<AlertSummary[]> {
  const db = trx as unknown as Db
  return await forEach(db, ids, async (row) => {
    const last = undoable(await historyOf(db, row.id))
    if (last === undefined) throw new KanpekiError('conflict', `Nothing was decided about the alert ${row.id}.`)
    const change: AlertChange = { quiet_until: null, ...readJson<Before>(last.before), updated: now }
    await markUndone(db, row.id, last.number)
    const deed: Deed = { action: 'undo', verdict: change.verdict ?? null, assignee: change.assignee ?? null, note: '' }
    await enter(db, row, change, deed, by, now)
    return change
  })
}

/** The newest deed of a person that was not taken back. */
export function undoable(history: readonly AlertHistoryTable[]): AlertHistoryTable | undefined {
  return history.findLast((entry) => entry.undone === 0 && (entry.action === 'verdict' || entry.action === 'assign'))
}

async function forEach(db: Db, ids: readonly string[], run: (row: AlertsTable) => Promise<AlertChange>): Promise<AlertSummary[]> {
  const unique = [...new Set(ids)]
  const rows = new Map((await alertsByIds(db, unique)).map((row) => [row.id, row]))
  const done: AlertSummary[] = []
  for (const id of unique) {
    const row = rows.get(id)
    if (row === undefined) throw new KanpekiError('not_found', `There is no alert ${id}.`)
    done.push(summaryOf({ ...row, ...(await run(row)) }))
  }
  return done
}

/** Writes the change, the history and the evidence, which belong together. */
async function enter(db: Db, row: AlertsTable, change: AlertChange, deed: Deed, by: Actor, now: number): Promise<void> {
  const history = await historyOf(db, row.id)
  const { state, verdict, judged, assignee, note, quiet_until } = row
  await updateAlert(db, row.id, change)
  await insertHistory(db, {
    alert_id: row.id,
    number: (history.at(-1)?.number ?? 0) + 1,
    scope: row.scope,
    at: now,
    by_id: by.id,
    by_name: by.name,
    ...deed,
    before: jsonText({ state, verdict, judged, assignee, note, quiet_until } satisfies Before),
    undone: 0,
  })
  await recordEvidence(db, [evidenceOf(row, change, deed, by, now)], { now: () => now })
}

function evidenceOf(row: AlertsTable, change: AlertChange, deed: Deed, by: Actor, now: number): Evidence {
  return {
    type: 'verdict',
    scope: row.scope,
    observed: now,
    received: now,
    body: {
      alert: row.id,
      rule: row.rule_id,
      change: deed.action,
      verdict: deed.verdict,
      before: row.verdict,
      state: change.state ?? row.state,
      ...(typeof change.quiet_until === 'number' ? { quietUntil: rfc3339(change.quiet_until) } : {}),
      assignee: deed.assignee,
      note: deed.note,
      by: { id: by.id, name: by.name },
    },
  }
}
