import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { segmentEvidence } from '../../prove/batch-root.ts'
import { erasedCounts } from '../../prove/erased.ts'
import { batchesOf, recordSegment, sealedHours } from './queries.ts'
import type { BatchesTable, PipelineTables } from './tables.ts'

const HOUR_MS = 3_600_000

export interface SealDeps {
  readonly lake: Pick<Lake, 'closedHours' | 'sealHour'>
  readonly state: State
  readonly clock: Clock
}

/**
 * Seals every received hour that is over: a Parquet file whose hash and batch roots become a leaf of the ledger. An hour
 * whose batches the rules have not all seen yet is left for the next time.
 * @returns the hours sealed now.
 * @throws KanpekiError `seal_mismatch` if the lake and the state store disagree about an hour.
 */
export async function sealClosedHours({ lake, state, clock }: SealDeps): Promise<readonly number[]> {
  const done = await sealedHours(state.tables<PipelineTables>())
  const sealed: number[] = []
  for (const hour of await lake.closedHours(clock.now())) {
    if (done.has(hour)) continue
    const batches = await batchesOf(state.tables<PipelineTables>(), hour, hour + HOUR_MS)
    const segment = await lake.sealHour(hour)
    const roots = new Map(batches.map((batch) => [`${batch.writer}/${batch.sequence}`, batch]))
    if (segment.batches.some((batch) => !roots.has(`${batch.writer}/${batch.sequence}`))) continue
    const stored = new Map(segment.batches.map((batch) => [`${batch.writer}/${batch.sequence}`, batch.count]))
    const erased = await erasedOf(state, batches)
    for (const batch of batches) {
      const name = `${batch.writer}/${batch.sequence}`
      const count = stored.get(name) ?? 0
      const expected = batch.events - batch.lost - (erased.get(name) ?? 0)
      if (expected !== count) {
        throw new KanpekiError('seal_mismatch', `Batch ${name} has ${count} events in the lake and ${expected} in the record.`, {
          remedy: 'A disk has lost events, or they were changed behind our back. Stop Kanpeki and run: kanpeki doctor --repair',
        })
      }
    }
    const { file, bytes, sha256, rows } = segment
    const evidence = segmentEvidence({
      scope: DEFAULT_SCOPE,
      file,
      bytes,
      sha256,
      from: hour,
      to: hour + HOUR_MS,
      events: rows,
      batches: batches.map(({ writer, sequence, root }) => ({ writer, sequence, root })),
    })
    await state.transaction<PipelineTables, void>(async (trx) => {
      await recordSegment(trx, { hour, scope: DEFAULT_SCOPE, file, sha256, bytes, events: rows, sealed: clock.now() })
      await recordEvidence(trx, [evidence], clock)
    })
    sealed.push(hour)
  }
  return sealed
}

/** How many events of these batches there should be. */
export async function recordedEvents(state: State, batches: readonly BatchesTable[]): Promise<number> {
  const erased = await erasedOf(state, batches)
  const gone = [...erased.values()].reduce((sum, events) => sum + events, 0)
  return batches.reduce((sum, { events, lost }) => sum + events - lost, -gone)
}

/** How many events of each batch were erased, by `writer/sequence`. */
export async function erasedOf(state: State, batches: readonly BatchesTable[]): Promise<ReadonlyMap<string, number>> {
  const erased = new Map<string, number>()
  for (const [writer, own] of Map.groupBy(batches, (batch) => batch.writer)) {
    const counts = await erasedCounts(state.tables(), writer, own[0]!.sequence, own.at(-1)!.sequence)
    for (const [sequence, events] of counts) erased.set(`${writer}/${sequence}`, events)
  }
  return erased
}
