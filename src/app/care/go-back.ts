import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Config } from '../../platform/config.ts'
import { type DataDir, dataDir } from '../../platform/data-dir.ts'
import { openSealer } from '../../platform/secrets/open-sealer.ts'
import { sealKeySource } from '../../platform/secrets/seal-keys.ts'
import { carriedRooms, carryRows, roomOf, type Shape, shapeOf } from '../../platform/state/carry.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { replaceState, stepsNamed } from '../../platform/state/snapshot.ts'
import { openState } from '../../platform/state/state.ts'
import { openDrainer } from '../../prove/drain.ts'
import { type Ledger, openLedger } from '../../prove/ledger.ts'
import { indexedEntries, readEntry } from '../../prove/reconcile.ts'
import { keepUnsealed } from '../../prove/signing-key.ts'
import { migrations } from '../migrations.ts'
import { statePlace } from '../places.ts'
import { VERSION } from '../version.ts'
import { type KeptState, keepState, keptStates } from './kept-states.ts'
import { type Db, loggedSince } from './queries.ts'

/**
 * Where the rows of each kind of evidence live. A sign-in leaves only a session, and rules are files: with their room from
 * before the upgrade nothing that matters is gone.
 */
const ROOM_OF: Readonly<Record<string, string | undefined>> = {
  alert: 'detect',
  verdict: 'detect',
  card: 'declare',
  measure: 'declare',
  evaluation: 'declare',
  badge: 'declare',
  source: 'collect',
  admin: 'access',
}

/** Without these in step with lake and ledger, batches would be logged a second time. */
const INDISPENSABLE = ['platform', 'pipeline', 'prove'] as const

/** What the program itself records as an administrator's entry. */
const OWN_ACTIONS: ReadonlySet<string> = new Set(['upgrade.done', 'backup.made', 'restore.rehearsed'])

export interface WentBack {
  /** The state that holds now. */
  readonly to: KeptState
  /** Where the newer state lies, should it be wanted again. */
  readonly kept: KeptState
  /** Rooms whose rows are those from before the upgrade, since the older schema cannot hold the newer ones. */
  readonly reset: readonly string[]
  /** What was recorded since the upgrade in those rooms, and is no row any more; its evidence stays in the ledger. */
  readonly lost: readonly { readonly type: string; readonly entries: number }[]
}

/**
 * Takes the state store back to the schema from before the last upgrade, so that the older version can be started on it.
 * The ledger never goes back: all evidence since stays proved, and the older version goes on after it. Rows go back with
 * their present content wherever the older schema can hold them, room by room; other rooms get the rows from before the
 * upgrade, and what people did in them since is named and wants `acceptLoss`. The newer state is kept beside. No other
 * process may have the folder. @throws KanpekiError `no_way_back`, `upgrade_loss`.
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
  const older = await shapeOfSteps(dir, to)
  const carried = carriedRooms(older, await shapeOf(place))
  const reset = [...new Set([...older.keys()].map(roomOf))].filter((room) => !carried.has(room)).sort()
  const missing = INDISPENSABLE.filter((room) => !carried.has(room))
  if (missing.length > 0) {
    throw new KanpekiError('no_way_back', `The older schema cannot hold what the newer one has in ${missing.join(', ')}.`, {
      remedy: 'Restore a backup of the older version into another folder instead.',
    })
  }
  const sealer = await openSealer(dir.keys, sealKeySource(dir.keys, config.values, process.env))
  const state = await openState(place, migrations, clock)
  let lost: WentBack['lost']
  let kept: KeptState
  try {
    const copies = config.values.witness === null ? [] : [config.values.witness]
    const ledger = await openLedger({ data: dir.root, indexed: await indexedEntries(state), copies, clock, sealer })
    const drainer = await openDrainer({ ledger, state, clock })
    await drainer.drain()
    lost = await lostWork(ledger, state.tables() as Db, to.ledgerSize, new Set(reset))
    if (lost.length > 0 && !acceptLoss) {
      const words = lost.map(({ type, entries }) => `${entries} ${type}`).join(', ')
      throw new KanpekiError('upgrade_loss', `Since the upgrade people have done what the older schema cannot hold: ${words}.`, {
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
  await carryRows(place, older, carried, kept.folder)
  if (!to.keySealed) await keepUnsealed(dir.keys, sealer)
  return { to, kept, reset, lost }
}

/** What was logged since then about rooms that get their former rows, by type. */
async function lostWork(ledger: Ledger, db: Db, size: number, reset: ReadonlySet<string>): Promise<WentBack['lost']> {
  const counts = new Map<string, number>()
  for (const { idx, type } of await loggedSince(db, size)) {
    if (!reset.has(ROOM_OF[type] ?? '')) continue
    const action = type === 'admin' ? (await readEntry(ledger, idx)).body['action'] : undefined
    if (typeof action === 'string' && OWN_ACTIONS.has(action)) continue
    counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  return [...counts].sort().map(([type, entries]) => ({ type, entries }))
}

/** The older schema's tables: an empty database is built by its steps, which mean the same on both stores. */
async function shapeOfSteps(dir: DataDir, { steps }: KeptState): Promise<Shape> {
  const folder = await mkdtemp(join(dir.root, 'backups', '.shape-'))
  try {
    const path = join(folder, 'empty.db')
    await (await openState({ path }, stepsNamed(steps, migrations))).close()
    return await shapeOf({ path })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
