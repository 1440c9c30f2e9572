import { type Clock, systemClock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Config } from '../../platform/config.ts'
import { dataDir } from '../../platform/data-dir.ts'
import { stateMigrations } from '../../platform/state/migrations.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { appliedSteps } from '../../platform/state/snapshot.ts'
import { openState, type State } from '../../platform/state/state.ts'
import { isKeySealed } from '../../prove/signing-key.ts'
import { migrations } from '../migrations.ts'
import { statePlace } from '../places.ts'
import { VERSION } from '../version.ts'
import { type KeptState, keepState } from './kept-states.ts'

/** What opening did to the schema. */
export interface Upgrade {
  readonly steps: readonly string[]
  /** The store as it was before. */
  readonly kept: KeptState
}

export interface OwnState {
  readonly state: State
  readonly upgrade: Upgrade | undefined
}

/** The steps that this version would add; undefined for a store that does not exist yet. */
export async function pendingSteps(config: Config): Promise<readonly string[] | undefined> {
  const applied = new Set(await appliedSteps(statePlace(config)))
  if (applied.size === 0) return undefined
  return [...stateMigrations, ...migrations]
    .map(({ name }) => name)
    .filter((name) => !applied.has(name))
    .sort()
}

/**
 * Opens the installation's state store. A schema of an older version is copied to `backups/` first, then brought up to
 * date in one transaction; that it was is evidence. @throws KanpekiError `upgrade_failed`, and those of `openState`.
 */
export async function openOwnState(config: Config, clock: Clock = systemClock): Promise<OwnState> {
  const place = statePlace(config)
  const steps = await pendingSteps(config)
  if (steps === undefined || steps.length === 0) return { state: await openState(place, migrations, clock), upgrade: undefined }
  const dir = dataDir(config.data)
  const kept = await keepState(dir, place, 'pre', VERSION, clock.now(), await isKeySealed(dir.keys))
  const state = await openState(place, migrations, clock).catch((error: unknown) => {
    if (!(error instanceof KanpekiError)) throw error
    throw new KanpekiError(error.code, `The upgrade to ${VERSION} did not happen, and the state is as it was: ${error.message}`, {
      cause: error,
      remedy: `${error.remedy ?? ''} A copy of the state lies in ${kept.folder}.`.trim(),
    })
  })
  const now = clock.now()
  await state.transaction((trx) =>
    recordEvidence(
      trx,
      [
        {
          type: 'admin',
          scope: DEFAULT_SCOPE,
          observed: now,
          received: now,
          body: {
            action: 'upgrade.done',
            by: 'kanpeki',
            target: VERSION,
            before: { step: kept.steps.at(-1) ?? '' },
            after: { steps: [...steps] },
          },
        },
      ],
      clock,
    ),
  )
  return { state, upgrade: { steps, kept } }
}
