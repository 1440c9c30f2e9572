import { forgetOldMinutes } from '../collect/accounting.ts'
import { forgetHosts } from '../collect/completeness/queries.ts'
import type { CollectTables } from '../collect/tables.ts'
import { forgetReadings } from '../declare/queries.ts'
import type { DeclareTables } from '../declare/tables.ts'
import { forgetDetections } from '../detect/alerts.ts'
import type { State } from '../platform/state/state.ts'

const DAY_MS = 86_400_000
/** A batch is replayed within minutes of a crash; a month covers a server that stood still. */
const DETECTIONS_KEPT_MS = 31 * DAY_MS
/** A quarter's objectives, and the one before to compare with. */
const READINGS_KEPT_MS = 200 * DAY_MS
/** A host that was not heard for a quarter is nobody's any more. */
const HOSTS_KEPT_MS = 90 * DAY_MS

/** Prunes what only served a while: what is evidence stands in the ledger and is never pruned here. */
export async function forgetOld(state: State, now: number): Promise<void> {
  await state.transaction<CollectTables, void>((trx) => forgetOldMinutes(trx, now))
  await state.transaction<CollectTables, void>((trx) => forgetHosts(trx, now - HOSTS_KEPT_MS))
  await state.transaction((trx) => forgetDetections(trx, now - DETECTIONS_KEPT_MS))
  await state.transaction<DeclareTables, void>((trx) => forgetReadings(trx, now - READINGS_KEPT_MS))
}
