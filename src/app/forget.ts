import { forgetOldMinutes } from '../collect/accounting.ts'
import { forgetHosts } from '../collect/completeness/queries.ts'
import type { CollectTables } from '../collect/tables.ts'
import { forgetReadings } from '../declare/queries.ts'
import { forgetSamples } from '../declare/series/queries.ts'
import type { DeclareTables } from '../declare/tables.ts'
import { forgetAlerts, forgetDetections } from '../detect/alerts.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import { forgetEffects, forgetRuns } from '../respond/playbooks/queries.ts'
import type { PlaybookTables } from '../respond/playbooks/tables.ts'

const DAY_MS = 86_400_000
/** A batch is replayed within minutes of a crash; a month covers a server that stood still. */
const DETECTIONS_KEPT_MS = 31 * DAY_MS
/** A quarter's objectives, and the one before to compare with. */
const READINGS_KEPT_MS = 200 * DAY_MS
/** As far back as a sample may be given. */
const SAMPLES_KEPT_MS = 400 * DAY_MS
/** A host that was not heard for a quarter is nobody's any more. */
const HOSTS_KEPT_MS = 90 * DAY_MS

/** Runs of playbooks that no incident took; a year of plans and receipts to look back on. */
const RUNS_KEPT_MS = 400 * DAY_MS

const ALERTS_A_TRANSACTION = 500
const RUNS_A_TRANSACTION = 200

/**
 * Prunes what only served a while: what is evidence stands in the ledger and is never pruned here.
 * @param alertDays days that closed alerts are kept; null for ever.
 */
export async function forgetOld(state: State, now: number, alertDays: number | null): Promise<void> {
  if (alertDays !== null) await forgetClosedAlerts(state, now, alertDays)
  await state.transaction<CollectTables, void>((trx) => forgetOldMinutes(trx, now))
  await state.transaction<CollectTables, void>((trx) => forgetHosts(trx, now - HOSTS_KEPT_MS))
  await state.transaction((trx) => forgetDetections(trx, now - DETECTIONS_KEPT_MS))
  await forgetPlaybookRuns(state, now)
  await state.transaction<DeclareTables, void>((trx) => forgetReadings(trx, now - READINGS_KEPT_MS))
  await state.transaction<DeclareTables, void>((trx) => forgetSamples(trx, now - SAMPLES_KEPT_MS))
}

/** Runs of an incident stay with it; the others stand in the ledger. */
async function forgetPlaybookRuns(state: State, now: number): Promise<void> {
  const before = now - RUNS_KEPT_MS
  await state.transaction<PlaybookTables, void>((trx) => forgetEffects(trx, now - DAY_MS))
  while (
    (await state.transaction<PlaybookTables, number>((trx) => forgetRuns(trx, before, RUNS_A_TRANSACTION))) === RUNS_A_TRANSACTION
  );
}

async function forgetClosedAlerts(state: State, now: number, days: number): Promise<void> {
  const before = now - days * DAY_MS
  const clock = { now: () => now }
  for (;;) {
    const gone = await state.transaction(async (trx) => {
      const alerts = await forgetAlerts(trx, before, ALERTS_A_TRANSACTION)
      const body = { action: 'alerts.forgotten', by: 'kanpeki', alerts, days, before: new Date(before).toISOString() }
      const evidence = { type: 'admin' as const, scope: DEFAULT_SCOPE, observed: now, received: now, body }
      if (alerts > 0) await recordEvidence(trx, [evidence], clock)
      return alerts
    })
    if (gone < ALERTS_A_TRANSACTION) return
  }
}
