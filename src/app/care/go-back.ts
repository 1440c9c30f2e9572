import { type Clock, systemClock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Config } from '../../platform/config.ts'
import { dataDir } from '../../platform/data-dir.ts'
import { openSealer } from '../../platform/secrets/open-sealer.ts'
import { sealKeySource } from '../../platform/secrets/seal-keys.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { replaceState } from '../../platform/state/snapshot.ts'
import { openState } from '../../platform/state/state.ts'
import { openDrainer } from '../../prove/drain.ts'
import { type Ledger, openLedger } from '../../prove/ledger.ts'
import { readEntry } from '../../prove/reconcile.ts'
import { keepUnsealed } from '../../prove/signing-key.ts'
import { migrations } from '../migrations.ts'
import { statePlace } from '../places.ts'
import { VERSION } from '../version.ts'
import { type KeptState, keepState, keptStates } from './kept-states.ts'
import { type Db, loggedSince } from './queries.ts'

/**
 * What the older version finds out again by itself, from the events in the lake; a sign-in leaves only a session. The rest
 * people or programs told us.
 */
const FOUND_AGAIN: ReadonlySet<string> = new Set(['batch', 'segment', 'alert', 'measure', 'badge', 'source', 'rule', 'signin'])

/** What the program itself records as an administrator's entry. */
const OWN_ACTIONS: ReadonlySet<string> = new Set(['upgrade.done', 'backup.made', 'restore.rehearsed'])

export interface WentBack {
  /** The state that holds now. */
  readonly to: KeptState
  /** Where the newer state lies, should it be wanted again. */
  readonly kept: KeptState
  /** What was recorded since the upgrade and is no row any more; its evidence stays in the ledger. */
  readonly lost: readonly { readonly type: string; readonly entries: number }[]
}

/**
 * Puts back the state store from before the last upgrade, so that the older version can be started on it. The ledger never
 * goes back: what was recorded since stays proved, and the older version goes on after it. Events are in the lake and
 * their alerts are found again; what people did since (verdicts, sign-ins, changes) is lost as rows, so that it is named and
 * wants `acceptLoss`. The newer state is kept beside. No other process may have the folder.
 * @throws KanpekiError `no_way_back`, `upgrade_loss`.
 */
export async function goBack(config: Config, acceptLoss: boolean, clock: Clock = systemClock): Promise<WentBack> {
  const dir = dataDir(config.data)
  const place = statePlace(config)
  const [to] = await keptStates(dir, 'pre')
  if (to === undefined) {
    throw new KanpekiError('no_way_back', `There is no state from before an upgrade in ${dir.root}/backups.`, {
      remedy: 'Restore a backup of the older version into another folder instead.',
    })
  }
  const sealer = await openSealer(dir.keys, sealKeySource(dir.keys, config.values, process.env))
  const state = await openState(place, migrations, clock)
  let lost: WentBack['lost']
  let kept: KeptState
  try {
    const copies = config.values.witness === null ? [] : [config.values.witness]
    const ledger = await openLedger({ data: dir.root, copies, clock, sealer })
    const drainer = await openDrainer({ ledger, state, clock })
    await drainer.drain()
    lost = await peoplesWork(ledger, state.tables() as Db, to.ledgerSize)
    if (lost.length > 0 && !acceptLoss) {
      const words = lost.map(({ type, entries }) => `${entries} ${type}`).join(', ')
      throw new KanpekiError('upgrade_loss', `Since the upgrade people have done what the older state does not know: ${words}.`, {
        remedy:
          'With --accept-loss it goes back all the same: the evidence of it stays in the ledger, the newer state is kept in backups/, and what was decided must be entered again.',
      })
    }
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
              action: 'upgrade.undone',
              by: 'kanpeki upgrade --back',
              target: to.name,
              before: { version: VERSION },
              after: { step: to.steps.at(-1) ?? '', ledgerSize: to.ledgerSize, lost: lost.map((one) => ({ ...one })) },
            },
          },
        ],
        clock,
      ),
    )
    await drainer.stop()
    kept = await keepState(dir, place, 'after', VERSION, clock.now(), true)
  } finally {
    await state.close()
  }
  await replaceState(place, to.folder, to, migrations)
  if (!to.keySealed) await keepUnsealed(dir.keys, sealer)
  return { to, kept, lost }
}

/** What was logged since then and is not found out again, by type. */
async function peoplesWork(ledger: Ledger, db: Db, size: number): Promise<WentBack['lost']> {
  const counts = new Map<string, number>()
  for (const { idx, type } of await loggedSince(db, size)) {
    if (FOUND_AGAIN.has(type)) continue
    const action = type === 'admin' ? (await readEntry(ledger, idx)).body['action'] : undefined
    if (typeof action === 'string' && OWN_ACTIONS.has(action)) continue
    counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  return [...counts].sort().map(([type, entries]) => ({ type, entries }))
}
