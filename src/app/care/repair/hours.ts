import type { LakeMender } from '../../../platform/lake/mend.ts'
import type { State } from '../../../platform/state/state.ts'
import { checkpoints, segments } from '../../pipeline/queries.ts'
import type { PipelineTables, SegmentsTable } from '../../pipeline/tables.ts'
import { type RecordedHour, recordedHours } from '../queries.ts'

/** An hour of which the lake does not hold what the record says. */
export interface WrongHour {
  readonly hour: number
  readonly inLake: number
  readonly recorded: number
  readonly segment: SegmentsTable | undefined
}

/**
 * Compares the lake with the record, hour by hour. Batches whose consequences are not committed yet are left out of it: the
 * next start reads them again. So is an hour that holds what is being taken out of it, which the next start ends.
 */
export async function wrongHours(state: State, mender: Pick<LakeMender, 'counted'>): Promise<readonly WrongHour[]> {
  const db = state.tables<PipelineTables>()
  const recorded = await recordedHours(state.tables())
  const sealed = new Map((await segments(db)).map((segment) => [segment.hour, segment]))
  const counted = await mender.counted(await checkpoints(db))
  const wrong: WrongHour[] = []
  for (const hour of new Set([...recorded.keys(), ...counted.keys()])) {
    const segment = sealed.get(hour)
    const said = recorded.get(hour) ?? { events: 0, erased: 0 }
    const inLake = counted.get(hour) ?? 0
    if (inLake === said.events || segment?.events === inLake || (segment?.dropped ?? null) !== null) continue
    if (segment === undefined && isBeingTakenOut(inLake, said)) continue
    wrong.push({ hour, inLake, recorded: said.events, segment })
  }
  return wrong.sort((a, b) => a.hour - b.hour)
}

function isBeingTakenOut(inLake: number, { events, erased }: RecordedHour): boolean {
  return inLake > events && inLake <= events + erased
}
