import type { Kysely } from 'kysely'
import { recordDetections } from '../detect/alerts.ts'
import type { StoredDetail } from '../detect/alerts-view.ts'
import { alertsByIds } from '../detect/queries.ts'
import type { AlertsTable, DetectTables } from '../detect/tables.ts'
import { readJson } from '../platform/state/columns.ts'
import { enqueueRuns } from '../respond/playbooks/enqueue.ts'
import type { AlertFacts } from '../respond/playbooks/triggers.ts'

type DocOf = NonNullable<Parameters<typeof recordDetections>[3]>
type Recorded = ReturnType<typeof recordDetections>

type Raise = <T>(
  trx: Kysely<T>,
  detections: Parameters<typeof recordDetections>[1],
  now: number,
  docOf?: Parameters<typeof recordDetections>[3],
) => Recorded

const raising =
  (past: boolean): Raise =>
  async (trx, detections, now, docOf) => {
    const recorded = await recordDetections(trx, detections, now, docOf)
    await beginPlaybooks(
      trx,
      recorded.raised.map(({ id }) => id),
      now,
      docOf,
      past,
    )
    return recorded
  }

/** Turns detections into alerts, and begins the playbooks that these trigger, all in the caller's transaction. */
export const raiseAlerts: Raise = raising(false)

/** The same for what a search through stored events found: it begins only the playbooks that ask for alerts about the past. */
export const raisePastAlerts: Raise = raising(true)

async function beginPlaybooks<T>(
  trx: Kysely<T>,
  alertIds: readonly string[],
  now: number,
  docOf: DocOf = () => undefined,
  past: boolean,
): Promise<void> {
  if (alertIds.length === 0) return
  const rows = await alertsByIds(trx as unknown as Kysely<DetectTables>, alertIds)
  await enqueueRuns(
    trx,
    rows.map((row) => ({ ...factsOf(row, docOf), ...(past ? { past } : {}) })),
    now,
  )
}

/**
 * An alert as playbooks see it. What neither its group nor the fields that matched say is read from its latest event: of a
 * correlation, the one that completed it.
 */
export function factsOf(row: AlertsTable, docOf: DocOf): AlertFacts {
  const { group, fields, eventIds } = readJson<StoredDetail>(row.detail)
  return {
    id: row.id,
    scope: row.scope,
    title: row.title,
    rule: row.rule_id,
    severity: row.severity,
    techniques: readJson<string[]>(row.techniques),
    tactics: readJson<string[]>(row.tactics),
    entity: { kind: row.entity_kind, name: row.entity_name },
    fields: { ...docOf(eventIds.at(-1) ?? ''), ...fields, ...group },
  }
}
