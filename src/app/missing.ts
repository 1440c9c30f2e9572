import { COMPLETENESS_SOURCE, tellSilence } from '../collect/completeness/silence.ts'
import type { CollectTables } from '../collect/tables.ts'
import { messageOf } from '../kernel/error.ts'
import type { Collecting } from './collecting.ts'
import { type Repeating, repeatEvery } from './repeat.ts'
import type { Services } from './services.ts'

const LOOK_EVERY_MS = 60_000

/** Keeps looking for hosts and sources that fell silent, and says so through the ordinary way of events. */
export function startMissing(
  { state, clock, startedAt, log }: Pick<Services, 'state' | 'clock' | 'startedAt' | 'log'>,
  collecting: Pick<Collecting, 'send'>,
): Repeating {
  return repeatEvery(
    LOOK_EVERY_MS,
    async () => {
      await tellSilence({
        db: () => state.tables<CollectTables>(),
        clock,
        startedAt,
        send: (scope, records) => collecting.send(scope, COMPLETENESS_SOURCE, records),
      })
    },
    (error) => log.error('looking for silent hosts failed', { reason: messageOf(error) }),
  )
}
