import { applyCounts } from '../../collect/accounting.ts'
import { openWatch, type Watch } from '../../collect/completeness/watch.ts'
import { countOutcomes } from '../../collect/counts.ts'
import { parseRecord } from '../../collect/normalise/parse-record.ts'
import type { CollectTables } from '../../collect/tables.ts'
import { type Behaviour, openBehaviour } from '../../detect/behaviour/store.ts'
import type { BehaviourTables } from '../../detect/behaviour/tables.ts'
import { type Clock, neverBack } from '../../kernel/clock.ts'
import type { Detection } from '../../kernel/detection.ts'
import type { StoredEvent } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Lake, StoredBatch } from '../../platform/lake/lake.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { batchRoot } from '../../prove/batch-root.ts'
import { raiseAlerts } from '../alerts-raised.ts'
import { sourceScope } from './build-event.ts'
import { createDetector, type Detector, type DetectorDeps } from './detector.ts'
import type { CommittedBatch } from './open-batch.ts'
import { lastSealed, readCheckpoint } from './queries.ts'
import { openRoots, type Roots } from './roots.ts'
import type { Rules } from './rules.ts'
import type { PipelineTables } from './tables.ts'
import { createWriter, type Writer, type WriterDeps } from './writer.ts'

export interface StagesDeps extends Pick<DetectorDeps, 'progressed' | 'failed' | 'recordQuarantined'> {
  readonly state: State
  readonly lake: Lake
  readonly clock: Clock
  /** The writer's name in the lake. */
  readonly writer: string
  readonly rules: Rules
  readonly known: WriterDeps['known']
  /** Minutes east of UTC of the days that people live by. */
  readonly zoneMinutes: number
}

export interface Stages {
  readonly writer: Writer
  readonly detector: Detector
  readonly watch: Watch
  readonly behaviour: Behaviour
  readonly roots: Roots
  /** The machine's, except that it never goes back. */
  readonly clock: Clock
}

/**
 * After a restart no event is received before those that are there, least of all in an hour that is sealed. Where the clock
 * is further behind than this, it was ahead before and is right now.
 */
const MOST_SET_BACK_MS = 24 * 3_600_000

/** The two stages of the pipeline with what the rooms give them: the writer before the lake, the detector behind it. */
export async function startStages({
  state,
  lake,
  clock: machine,
  writer: name,
  rules,
  known,
  zoneMinutes,
  recordQuarantined,
  progressed,
  failed,
}: StagesDeps): Promise<Stages> {
  const checkpoint = await readCheckpoint(state.tables<PipelineTables>(), name)
  const done = checkpoint?.sequence ?? 0
  const before = Math.max(checkpoint?.received ?? 0, await lastSealed(state.tables<PipelineTables>()))
  const clock = neverBack(machine, before - machine.now() > MOST_SET_BACK_MS ? 0 : before)
  const watch = await openWatch(state.tables<CollectTables>(), name, done)
  const behaviour = await openBehaviour(state.tables<BehaviourTables>(), name, done, { zoneMinutes })
  const detector = createDetector({
    state,
    lake,
    clock,
    writer: name,
    until: await lake.lastSequence(name),
    rules,
    batchRoot,
    recordDetections: async (trx, detections, now, events) => {
      const { raised, updated } = await raiseAlerts(trx, detections, now, docsOf(events, detections))
      return { changed: raised.length + updated.length }
    },
    applyCounts,
    recordQuarantined,
    recordEvidence,
    watch,
    behaviour,
    countsOf: countsOfStored,
    progressed,
    failed,
  })
  const roots = openRoots()
  const writer = await createWriter({
    lake,
    clock,
    writer: name,
    roots,
    after: done,
    parse: parseRecord,
    look: rules.look,
    known,
    committed: (batch) => detector.push(batch),
    ready: () => detector.ready(),
  })
  return { writer, detector, watch, behaviour, roots, clock }
}

/** Documents by event id; the list is only gone through where somebody asks. */
function docsOf(events: readonly StoredEvent[], detections: readonly Detection[]): (id: string) => JsonObject | undefined {
  let byId: ReadonlyMap<string, JsonObject> | undefined
  return (id) => {
    byId ??= new Map([
      ...detections.flatMap((detection) => (detection.rule.engine === 'behaviour' ? [docOfBehaviour(detection)] : [])),
      ...events.map(({ id, doc }) => [id, doc] as const),
    ])
    return byId.get(id)
  }
}

/** The document is gone by then; of whom it was, and how much that asset matters, is known. */
function docOfBehaviour({ eventIds, group, fields }: Detection): readonly [id: string, doc: JsonObject] {
  const user = group['user.name']
  const host = group['host.name']
  const matters = fields['behaviour.criticality']
  return [
    eventIds.at(-1)!,
    {
      ...(user === undefined ? {} : { user: { name: user } }),
      ...(host === undefined ? {} : { host: { name: host } }),
      ...(matters === undefined ? {} : { labels: { asset_criticality: matters } }),
    },
  ]
}

/** Accounts of a batch that a crash left uncounted: what the lake holds was received and stored; bytes and repeats are not known any more. */
function countsOfStored(batch: StoredBatch): CommittedBatch['counts'] {
  const bySource = Map.groupBy(batch.events, (event) => `${sourceScope(event)}\0${event.source}`)
  return [...bySource.values()].map((events) => {
    const { source } = events[0]!
    const scope = sourceScope(events[0]!)
    const counts = countOutcomes(events.map((event) => (event.parser === 'unknown' ? 'unknown' : 'parsed')))
    return { source, scope, result: { writer: batch.writer, sequence: batch.sequence, counts } }
  })
}
