import { systemClock } from '../kernel/clock.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import type { Config } from '../platform/config.ts'
import { dataDir, lockDataDir, prepareDataDir } from '../platform/data-dir.ts'
import { type Rotated, rotateSealKey } from '../platform/secrets/rotate.ts'
import { sealKeySource } from '../platform/secrets/seal-keys.ts'
import { columnsSealedBy } from '../platform/secrets/sealed-columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import { openState } from '../platform/state/state.ts'
import { migrations } from './migrations.ts'
import { statePlace } from './places.ts'
import { sealedPlaces } from './sealed-places.ts'

/**
 * Changes the seal key of a data folder on which no server runs.
 * @param environment where KANPEKI_SEAL_KEY may be. @param progress called after each durable step.
 * @throws KanpekiError `data_in_use`, and those of `rotateSealKey`.
 */
export async function rotateSecrets(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  progress?: (step: string) => void,
): Promise<Rotated> {
  const dir = dataDir(config.data)
  prepareDataDir(dir)
  const lock = await lockDataDir(dir)
  try {
    const state = await openState(statePlace(config), migrations)
    try {
      return await rotateSealKey({
        keysFolder: dir.keys,
        source: sealKeySource(dir.keys, config.values, environment),
        places: sealedPlaces(dir, state),
        leftBehind: (keyIds) => columnsSealedBy(state, keyIds),
        record: async ({ from, to, values }) => {
          const now = systemClock.now()
          const body = { action: 'seal-key.rotate', by: 'command line', before: [...from], after: to, values }
          await state.transaction((trx) =>
            recordEvidence(trx, [{ type: 'admin', scope: DEFAULT_SCOPE, observed: now, received: now, body }]),
          )
        },
        ...(progress === undefined ? {} : { progress }),
      })
    } finally {
      await state.close()
    }
  } finally {
    lock.release()
  }
}
