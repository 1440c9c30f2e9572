import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import { syncFolder } from '../../platform/atomic-file.ts'
import type { Condemned, CondemnedBatch, CondemnedRows, Lake, SealedHour } from '../../platform/lake/lake.ts'
import type { Query } from '../../platform/lake/query/ast.ts'
import { withFixedTimes } from '../../platform/lake/query/fixed-times.ts'
import { HOUR_MS } from '../../platform/lake/table.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { droppedSegmentEvidence, segmentEvidence } from '../../prove/batch-root.ts'
import { forgetErased, noteErased } from '../../prove/erased.ts'
import {
  batchesOf,
  batchOf,
  changeSegment,
  checkpoints,
  deleteBatches,
  segmentOf,
  unfinishedSegments,
} from '../pipeline/queries.ts'
import { recordedEvents } from '../pipeline/seal.ts'
import type { PipelineTables, SegmentsTable } from '../pipeline/tables.ts'

export interface TakeOutDeps {
  readonly lake: Pick<Lake, 'condemned' | 'erase' | 'sealHour' | 'dropHour'>
  readonly state: State
  readonly clock: Clock
  /** The data folder, to which sealed files are relative. */
  readonly root: string
  /** Moves evidence into the ledger: nothing is deleted before the ledger says so. */
  readonly drain: () => Promise<unknown>
  /** Asked between hours. */
  readonly signal?: AbortSignal
}

export interface TakenOut {
  readonly events: number
  readonly batches: number
}

const BATCHES_A_TRANSACTION = 50
/** Of a person's events there are few in an hour; naming them is much less work than all that a person may be known by. */
const MOST_ROWS_NAMED = 5_000

/**
 * Takes events out of one hour. What stands for them in their batches' trees is committed first, then they leave the lake,
 * then a sealed hour is sealed anew. Each step can be run again, so that a crash between any two of them loses nothing and
 * leaves nothing behind.
 * @param policy why, as the ledger will say.
 */
export async function takeOut(
  deps: TakeOutDeps,
  hour: number,
  what: { readonly scope: string | undefined; readonly query: Query },
  policy: string,
): Promise<TakenOut> {
  const { lake, state, clock } = deps
  // What is counted, noted and taken is the same, however long that lasts.
  const query = withFixedTimes(what.query, clock.now())
  const condemned: Condemned = { ...what, query, upto: await checkpoints(state.tables<PipelineTables>()) }
  let events = 0
  let batches = 0
  let group: CondemnedBatch[] = []
  const rows: CondemnedRows[] = []
  for await (const batch of lake.condemned(hour, condemned)) {
    events += batch.leaves.length
    batches += 1
    if (events <= MOST_ROWS_NAMED) rows.push(rowsOf(batch))
    group.push(batch)
    if (group.length < BATCHES_A_TRANSACTION) continue
    await note(state, group)
    group = []
  }
  await note(state, group)
  if (events > 0) await lake.erase(hour, condemned, events <= MOST_ROWS_NAMED ? rows : undefined)
  await sealAnew(deps, hour, policy)
  return { events, batches }
}

function rowsOf({ writer, sequence, leaves }: CondemnedBatch): CondemnedRows {
  return { writer, sequence, indexes: leaves.map(({ index }) => index) }
}

async function note(state: State, group: readonly CondemnedBatch[]): Promise<void> {
  if (group.length === 0) return
  await state.transaction<PipelineTables, void>(async (trx) => {
    for (const { writer, sequence, leaves } of group) {
      const batch = await batchOf(trx, writer, sequence)
      if (batch === undefined)
        throw new KanpekiError('erase_unknown_batch', `Batch ${writer}/${sequence} is in the lake and not in the record.`, {
          remedy: 'Compare with a backup: kanpeki doctor says more.',
        })
      await noteErased(trx, { writer, sequence, events: batch.events, leaves })
    }
  })
}

/** Exports an hour again if its sealed file holds more than the lake. */
async function sealAnew({ lake, state, clock, root }: TakeOutDeps, hour: number, policy: string): Promise<void> {
  const segment = await segmentOf(state.tables<PipelineTables>(), hour)
  if (segment === undefined || segment.dropped !== null) return
  const revision = segment.revision + 1
  const sealed = await lake.sealHour(hour, revision)
  if (sealed.rows === segment.events) return
  const batches = await batchesOf(state.tables<PipelineTables>(), hour, hour + HOUR_MS)
  await refuseLoss(root, hour, sealed, await recordedEvents(state, batches))
  const { file, bytes, sha256, rows } = sealed
  const evidence = segmentEvidence({
    scope: DEFAULT_SCOPE,
    file,
    bytes,
    sha256,
    from: hour,
    to: hour + HOUR_MS,
    events: rows,
    batches,
    more: { replaces: segment.file },
  })
  await state.transaction<PipelineTables, void>(async (trx) => {
    await changeSegment(trx, hour, { file, bytes, sha256, events: rows, revision, superseded: segment.file })
    await recordEvidence(trx, [droppedSegmentEvidence(DEFAULT_SCOPE, segment.file, policy, clock.now()), evidence], clock)
  })
}

/** A lake that lost events must never take the place of a sealed file that has them yet. */
async function refuseLoss(root: string, hour: number, { rows, file }: SealedHour, recorded: number): Promise<void> {
  if (rows === recorded) return
  await remove(root, file)
  const name = new Date(hour).toISOString()
  throw new KanpekiError('seal_mismatch', `The hour ${name} has ${rows} events in the lake and ${recorded} in the record.`, {
    remedy: 'A disk has lost events. Stop Kanpeki and run: kanpeki doctor --repair',
  })
}

/** Gives a sealed hour up, in the record and in the ledger; `finish` then deletes it. */
export async function dropHour({ state, clock }: TakeOutDeps, segment: SegmentsTable, policy: string): Promise<void> {
  const { hour, file } = segment
  const now = clock.now()
  await state.transaction<PipelineTables, void>(async (trx) => {
    await changeSegment(trx, hour, { dropped: now, policy })
    await recordEvidence(trx, [droppedSegmentEvidence(DEFAULT_SCOPE, file, policy, now)], clock)
  })
}

/** Deletes what was given up, once the ledger says so; also what a crash left half deleted. @returns how many hours. */
export async function finish(deps: TakeOutDeps): Promise<number> {
  const { state, lake } = deps
  const db = state.tables<PipelineTables>()
  const waiting = await unfinishedSegments(db)
  if (waiting.length === 0) return 0
  await deps.drain()
  for (const segment of waiting) {
    if (segment.superseded !== null) {
      await remove(deps.root, segment.superseded)
      await changeSegment(db, segment.hour, { superseded: null })
    }
    if (segment.dropped !== null) {
      await remove(deps.root, segment.file)
      await lake.dropHour(segment.hour)
      await forgetHour(state, segment.hour)
    }
  }
  return waiting.filter(({ dropped }) => dropped !== null).length
}

async function remove(root: string, file: string): Promise<void> {
  const path = join(root, file)
  await rm(path, { force: true })
  await syncFolder(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

async function forgetHour(state: State, hour: number): Promise<void> {
  await state.transaction<PipelineTables, void>(async (trx) => {
    const batches = await batchesOf(trx, hour, hour + HOUR_MS)
    for (const [writer, own] of Map.groupBy(batches, (batch) => batch.writer))
      await forgetErased(trx, writer, own[0]!.sequence, own.at(-1)!.sequence)
    await deleteBatches(trx, hour, hour + HOUR_MS)
    await changeSegment(trx, hour, { gone: 1 })
  })
}
