import type { Quarantined } from '../../detect/rule-costs.ts'
import type { RuleMatches, RuleSet } from '../../detect/rule-set.ts'
import type { Detection } from '../../kernel/detection.ts'
import type { StoredEvent } from '../../kernel/event.ts'

/** An event whose batch has no number yet. */
export type NewEvent = Omit<StoredEvent, 'sequence'>

/** What one event says by itself: it holds on to the event's document. */
export interface Finding {
  readonly matches: RuleMatches
  /** What follows from it whatever the other events are. */
  readonly detections: readonly Detection[]
}

/** The engines as one. `look` asks for the events alone, `conclude` comes in the order of the log; `run` is both. */
export interface Rules {
  /** Milliseconds of history that open windows need after a restart. */
  readonly horizon: number
  /** Calls back with those events that say something, in their order: few. @param texts by event, its document's JSON as UTF-8. */
  look(events: readonly NewEvent[], texts: readonly Uint8Array[], found: (event: NewEvent, finding: Finding) => void): void
  conclude(event: StoredEvent, finding: Finding): Detection[]
  /** With `emit` false windows are filled and nothing is reported. */
  run(events: readonly StoredEvent[], emit: boolean): Detection[]
  /** Rules that used up their time since this was asked last. */
  takeQuarantined(): readonly Quarantined[]
}

const NONE: readonly Detection[] = []

/** @param compare what an event is compared with beside the rules (indicator lists): stateless. */
export function rulesOf(
  set: Pick<RuleSet, 'horizon' | 'match' | 'feed' | 'run' | 'takeQuarantined'>,
  compare: (event: NewEvent) => readonly Detection[] = () => NONE,
): Rules {
  return {
    horizon: set.horizon,
    look(events, texts, found) {
      const matched = set.match(events, texts)
      for (const [at, event] of events.entries()) {
        const matches = matched[at]!
        const detections = compare(event)
        if (matches.length > 0 || detections.length > 0) found(event, { matches, detections })
      }
    },
    conclude: (event, { matches, detections }) => [...set.feed(event, matches, true), ...detections],
    takeQuarantined: () => set.takeQuarantined(),
    run: (events, emit) => (emit ? [...set.run(events, true), ...events.flatMap(compare)] : set.run(events, false)),
  }
}
