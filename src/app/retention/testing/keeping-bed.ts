import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../../kernel/clock.ts'
import { DEFAULT_SCOPE } from '../../../kernel/event.ts'
import { readConfig } from '../../../platform/config.ts'
import { dataDir, prepareDataDir } from '../../../platform/data-dir.ts'
import { connectLake } from '../../../platform/lake/connect.ts'
import { startEmbeddedLake } from '../../../platform/lake/embedded.ts'
import { rowsOf } from '../../../platform/lake/encode.ts'
import type { Lake, LakeEvent } from '../../../platform/lake/lake.ts'
import { parseQuery } from '../../../platform/lake/query/parse.ts'
import { openSealer } from '../../../platform/secrets/open-sealer.ts'
import { sealKeySource } from '../../../platform/secrets/seal-keys.ts'
import { recordEvidence } from '../../../platform/state/outbox.ts'
import { openState, type State } from '../../../platform/state/state.ts'
import { batchRoot } from '../../../prove/batch-root.ts'
import { type Drainer, openDrainer } from '../../../prove/drain.ts'
import { type Ledger, openLedger } from '../../../prove/ledger.ts'
import { readFolder } from '../../../prove/read-folder.ts'
import { indexedEntries } from '../../../prove/reconcile.ts'
import { verifyDirectory } from '../../../prove/verify/directory.ts'
import type { VerifyReport } from '../../../prove/verify/report.ts'
import { migrations } from '../../migrations.ts'
import { recordBatch } from '../../pipeline/queries.ts'
import { sealClosedHours } from '../../pipeline/seal.ts'
import type { PipelineTables } from '../../pipeline/tables.ts'

export const HOUR = 3_600_000
const MEMORY = 512 * 1024 ** 2

/** Real stores on a data folder: lake, state and ledger, without doors. */
export interface KeepingBed {
  readonly root: string
  readonly lake: Lake
  readonly state: State
  readonly ledger: Ledger
  readonly drainer: Drainer
  readonly clock: Clock & { set(now: number): void }
  /** Commits a batch with all that follows from it, as the pipeline does. */
  append(sequence: number, received: number, events: readonly LakeEvent[]): Promise<void>
  seal(): Promise<readonly number[]>
  verify(): Promise<VerifyReport>
  count(query: string): Promise<number>
  /** Whether a file below the data folder exists. */
  has(file: string): boolean
  stop(): Promise<void>
}

export async function openKeepingBed(folder: string, now: number): Promise<KeepingBed> {
  const dir = dataDir(folder)
  prepareDataDir(dir)
  let time = now
  const clock = {
    now: () => time,
    set: (to: number) => {
      time = to
    },
  }
  const state = await openState({ path: dir.state }, migrations, clock)
  const sealer = await openSealer(dir.keys, sealKeySource(dir.keys, readConfig(folder, {}, {}).values, {}))
  const ledger = await openLedger({ data: dir.root, indexed: await indexedEntries(state), clock, sealer })
  const drainer = await openDrainer({ ledger, state, clock })
  const engine = await startEmbeddedLake({ folder: dir.lake, memory: MEMORY, log: () => {} })
  const lake = await connectLake(engine.address, { sealed: dir.sealed, clock })
  return {
    root: dir.root,
    lake,
    state,
    ledger,
    drainer,
    clock,
    async append(sequence, received, events) {
      const batch = { writer: 'w1', sequence, received, salt: randomBytes(16).toString('hex'), rows: rowsOf(events) }
      const root = batchRoot(
        batch.salt,
        events.map(({ json }) => json),
      )
      await lake.append(batch)
      await state.transaction<PipelineTables, void>(async (trx) => {
        const { length } = events
        await recordBatch(trx, { writer: 'w1', sequence, scope: DEFAULT_SCOPE, received, events: length, root })
        const body = { writer: 'w1', sequence, events: length, root }
        await recordEvidence(trx, [{ type: 'batch', scope: DEFAULT_SCOPE, observed: received, received, body }], clock)
      })
    },
    seal: () => sealClosedHours({ lake, state, clock }),
    async verify() {
      await drainer.drain()
      return await verifyDirectory(readFolder(dir.root), { trusted: [ledger.key] })
    },
    count: (query) => lake.count({ scope: undefined, query: parseQuery(query) }),
    has: (file) => existsSync(join(dir.root, file)),
    async stop() {
      await lake.close()
      await engine.stop()
      await drainer.stop()
      await state.close()
    },
  }
}
