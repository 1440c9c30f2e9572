import { setImmediate as yieldTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { CommitResult } from '../../collect/commit.ts'
import type { Watch } from '../../collect/completeness/watch.ts'
import type { Behaviour } from '../../detect/behaviour/store.ts'
import type { Quarantined } from '../../detect/rule-costs.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Detection } from '../../kernel/detection.ts'
import { DEFAULT_SCOPE, type StoredEvent } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { Lake, StoredBatch } from '../../platform/lake/lake.ts'
import type { State } from '../../platform/state/state.ts'
import type { CommittedBatch } from './open-batch.ts'
import { readCheckpoint, recordBatch, sequenceBefore } from './queries.ts'
import type { Rules } from './rules.ts'
import type { PipelineTables } from './tables.ts'

export interface DetectorDeps {
  readonly state: State
  readonly lake: Pick<Lake, 'readFrom'>
  readonly clock: Clock
  readonly writer: string
  /** The lake's last sequence when this process began: later batches come by `push`. */
  readonly until: number
  readonly rules: Pick<Rules, 'horizon' | 'conclude' | 'run' | 'takeQuarantined'>
  readonly batchRoot: (salt: string, documents: readonly string[]) => string
  /** Raises and updates alerts in the given transaction. */
  readonly recordDetections: (
    trx: Kysely<PipelineTables>,
    detections: readonly Detection[],
    now: number,
    /** Of this batch, those that detections are about. */
    events: readonly StoredEvent[],
  ) => Promise<{ readonly changed: number }>
  readonly applyCounts: (
    trx: Kysely<PipelineTables>,
    source: string,
    scope: string,
    result: CommitResult,
    now: number,
  ) => Promise<void>
  /** Keeps rules that used up their time, with evidence. */
  readonly recordQuarantined: (trx: Kysely<PipelineTables>, rules: readonly Quarantined[], now: number) => Promise<void>
  readonly recordEvidence: (trx: Kysely<PipelineTables>, evidence: readonly Evidence[]) => Promise<unknown>
  /** What follows hosts and numbers through every batch; nothing has to be read again for it up to `checkpoint`. */
  readonly watch: Pick<Watch, 'checkpoint' | 'saw' | 'tookIn'>
  /** What learns what is usual for whom; nothing has to be read again for it up to `checkpoint`. */
  readonly behaviour: Pick<Behaviour, 'checkpoint' | 'take' | 'run' | 'saw'>
  /** Accounts for a batch that was committed before a crash and never counted. */
  readonly countsOf: (batch: StoredBatch) => CommittedBatch['counts']
  readonly progressed: (what: {
    readonly events: number
    readonly alerts: number
    /** Rules that were quarantined at these events. */
    readonly quarantined: number
  }) => void
  /** Called when a transaction fails; the batch stays first in the queue and is tried again after a pause. */
  readonly failed: (error: unknown) => void
}

export interface Detector {
  push(batch: CommittedBatch): void
  /** Events that the rules have not seen yet. */
  waiting(): number
  /** True until what a crash left between lake and state store is done: those events are not among the waiting ones. */
  catchingUp(): boolean
  /** Resolves when less than a bounded number of events waits. */
  ready(): Promise<void>
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>
  stop(): void
}

const MOST_WAITING_EVENTS = 60_000
const RETRY_MS = 1_000
const CATCH_UP_EVENTS = 8_000
/** Events read back between two turns of the loop: what comes in has its turn meanwhile. */
const EVENTS_A_TURN = 64

/**
 * The stage behind the lake: rules, then one state transaction a batch with everything that follows from it.
 * Begins by reading back what a crash left between the lake and the state store.
 */
export function createDetector(deps: DetectorDeps): Detector {
  const queue: CommittedBatch[] = []
  let waitingEvents = 0
  let stopped = false
  let wake = (): void => {}
  let onSpace: (() => void)[] = []
  let busy = true
  let caughtUp = false
  let place: { readonly done: number; after: number } | undefined

  /** @returns whether they were committed: not so where this was stopped meanwhile. */
  async function consequences(
    { writer, sequence, received, events, root, counts }: Omit<CommittedBatch, 'found' | 'sightings' | 'deeds'>,
    detections: readonly Detection[],
    about: readonly StoredEvent[],
  ): Promise<boolean> {
    const quarantined = deps.rules.takeQuarantined()
    const now = deps.clock.now()
    let alerts = 0
    // Rules have seen the batch: only the transaction is tried again, or windows would count its events twice.
    for (;;) {
      try {
        alerts = await deps.state.transaction<PipelineTables, number>(async (trx) => {
          const { changed } = await deps.recordDetections(trx, detections, now, about)
          if (quarantined.length > 0) await deps.recordQuarantined(trx, quarantined, now)
          for (const { source, scope, result } of counts) await deps.applyCounts(trx, source, scope, result, now)
          if (events > 0) {
            await recordBatch(trx, { writer, sequence, scope: DEFAULT_SCOPE, received, events, root })
            const body = { writer, sequence, events, root }
            await deps.recordEvidence(trx, [{ type: 'batch', scope: DEFAULT_SCOPE, observed: received, received, body }])
          }
          return changed
        })
        break
      } catch (error) {
        deps.failed(error)
        await pause(RETRY_MS)
        if (stopped) return false
      }
    }
    deps.progressed({ events, alerts, quarantined: quarantined.length })
    return true
  }

  async function consequencesOf(batch: CommittedBatch): Promise<void> {
    const { sequence, found, sightings, deeds } = batch
    const events = found.map(({ event }): StoredEvent => ({ ...event, sequence }))
    const matched = found.flatMap(({ finding }, at) => deps.rules.conclude(events[at]!, finding))
    const detections = [...matched, ...deps.behaviour.take(deeds, sequence)]
    deps.watch.tookIn(sightings, sequence)
    // What was learned is kept only once what was found is: else a crash between them would lose an alert.
    if (await consequences(batch, detections, events)) deps.behaviour.saw(sequence)
  }

  async function consequencesOfStored(batch: StoredBatch): Promise<void> {
    const { events, sequence } = batch
    const detections: Detection[] = []
    for (let at = 0; at < events.length; at += EVENTS_A_TURN) {
      await yieldTurn()
      const some = events.slice(at, at + EVENTS_A_TURN)
      detections.push(...deps.rules.run(some, true), ...deps.behaviour.run(some, true))
    }
    deps.watch.saw(events, sequence)
    const root = deps.batchRoot(batch.salt, batch.json)
    const told = await consequences({ ...batch, events: events.length, root, counts: deps.countsOf(batch) }, detections, events)
    if (told) deps.behaviour.saw(sequence)
  }

  async function whereToBegin(): Promise<{ readonly done: number; after: number }> {
    const checkpoint = await readCheckpoint(deps.state.tables<PipelineTables>(), deps.writer)
    if (checkpoint === undefined) return { done: 0, after: 0 }
    const since = checkpoint.received - deps.rules.horizon
    const after = await sequenceBefore(deps.state.tables<PipelineTables>(), deps.writer, since)
    return { done: checkpoint.sequence, after: Math.min(after, deps.watch.checkpoint, deps.behaviour.checkpoint) }
  }

  /** Goes on where it failed: what was read once is not fed to the windows again. */
  async function catchUp(): Promise<void> {
    place ??= await whereToBegin()
    while (!stopped && place.after < deps.until) {
      const batches = await deps.lake.readFrom(deps.writer, place.after, CATCH_UP_EVENTS)
      if (batches.length === 0) return
      for (const batch of batches) {
        if (batch.sequence > deps.until) return
        if (batch.sequence <= place.done) {
          deps.rules.run(batch.events, false)
          deps.watch.saw(batch.events, batch.sequence)
          deps.behaviour.run(batch.events, false)
          deps.behaviour.saw(batch.sequence)
        } else await consequencesOfStored(batch)
        place.after = batch.sequence
      }
    }
  }

  async function loop(): Promise<void> {
    for (;;) {
      try {
        await catchUp()
        caughtUp = true
        break
      } catch (error) {
        deps.failed(error)
        await pause(RETRY_MS)
        if (stopped) return
      }
    }
    while (!stopped) {
      const next = queue[0]
      if (next === undefined) {
        busy = false
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      await consequencesOf(next)
      queue.shift()
      waitingEvents -= next.events
      const waiting = onSpace
      onSpace = []
      for (const resolve of waiting) resolve()
    }
  }

  void loop()

  const whenSpace = (): Promise<void> => new Promise((resolve) => onSpace.push(resolve))

  return {
    push(batch) {
      queue.push(batch)
      waitingEvents += batch.events
      busy = true
      wake()
    },
    waiting: () => waitingEvents,
    catchingUp: () => !caughtUp,
    async ready() {
      while (waitingEvents > MOST_WAITING_EVENTS && !stopped) await whenSpace()
    },
    async idle() {
      while ((busy || queue.length > 0) && !stopped) await pause(5)
    },
    stop() {
      stopped = true
      wake()
      for (const resolve of onSpace) resolve()
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
