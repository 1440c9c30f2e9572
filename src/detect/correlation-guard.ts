import type { Detection } from '../kernel/detection.ts'
import type { StoredEvent } from '../kernel/event.ts'
import type { CorrelationProgram } from './engines/correlation/program.ts'
import { type Quarantined, type RuleBudget, RuleCosts } from './rule-costs.ts'
import { EVENTS_A_TURN } from './rule-guard.ts'

/**
 * Correlations with a deadline, as rule-guard.ts gives one to rules. What a correlation did cannot be done again, for it changed its
 * windows: when a turn of events takes too long, the turns after it are measured correlation by correlation, until one has used up its
 * time and is quarantined, or all are quick again.
 */
export class CorrelationGuard {
  readonly #program: CorrelationProgram<StoredEvent>
  readonly #budget: RuleBudget
  readonly #withheld = new Set<string>()
  #fresh: Quarantined[] = []
  #measures = false
  // Of the turn at hand.
  #events = 0
  #lasted = 0
  #bytes = 0
  #costs: RuleCosts

  constructor(program: CorrelationProgram<StoredEvent>, budget: RuleBudget) {
    this.#program = program
    this.#budget = budget
    this.#costs = new RuleCosts(budget)
  }

  /** As the program does. */
  feed(event: StoredEvent, matched: readonly string[], emit: boolean): Detection[] {
    const { now, turnMs } = this.#budget
    const before = now()
    const detections = this.#measures
      ? this.#program.feed(event, matched, { emit, timed: (rule, run) => this.#costs.time(rule, run, event.id) })
      : this.#program.feed(event, matched, { emit })
    this.#lasted += now() - before
    this.#events += 1
    if (this.#measures) this.#judge(event)
    const isSlow = this.#lasted > turnMs
    if (this.#events < EVENTS_A_TURN && (this.#measures || !isSlow)) return detections
    this.#measures = isSlow
    this.#begin()
    return detections
  }

  /** Correlations quarantined since the last time this was asked. */
  take(): readonly Quarantined[] {
    const taken = this.#fresh
    if (taken.length > 0) this.#fresh = []
    return taken
  }

  withhold(ids: Iterable<string>): void {
    for (const id of ids) this.#withheld.add(id)
    this.#program.withhold(this.#withheld)
  }

  /** Whether the correlation was quarantined: it is evaluated again. */
  release(id: string): boolean {
    const was = this.#withheld.delete(id)
    if (was) this.#program.withhold(this.#withheld)
    return was
  }

  #judge({ doc }: StoredEvent): void {
    this.#bytes += JSON.stringify(doc).length
    const slow = this.#costs.takeSlow(this.#events, this.#bytes)
    if (slow.length === 0) return
    this.#fresh.push(...slow)
    this.withhold(slow.map(({ rule }) => rule.id))
  }

  #begin(): void {
    this.#events = 0
    this.#lasted = 0
    this.#bytes = 0
    this.#costs = new RuleCosts(this.#budget)
  }
}
