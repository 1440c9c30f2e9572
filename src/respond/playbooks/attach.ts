import type { Kysely } from 'kysely'
import { changeRun, type PlaybooksDb } from './queries.ts'

/** Says which incident a run belongs to, in the caller's transaction. */
export async function attachRun<T>(trx: Kysely<T>, runId: string, incidentId: string | null): Promise<void> {
  await changeRun(trx as unknown as PlaybooksDb, runId, { incident_id: incidentId })
}
