import type { AccessDeps } from '../access/routes-deps.ts'
import type { AccessTables } from '../access/tables.ts'
import type { Services } from '../app/services.ts'
import { recordEvidence } from '../platform/state/outbox.ts'

/** Runs a change of the access room and the evidence of it in one transaction. */
export function recorder({ state, clock, drainer }: Pick<Services, 'state' | 'clock' | 'drainer'>): AccessDeps['record'] {
  return async (work) => {
    const result = await state.transaction<AccessTables, Awaited<ReturnType<typeof work>>['result']>(async (trx) => {
      const done = await work(trx)
      await recordEvidence(trx, done.evidence, clock)
      return done.result
    })
    drainer.poke()
    return result
  }
}
