import type { Detection, RuleInfo } from '../kernel/detection.ts'
import type { StoredEvent } from '../kernel/event.ts'
import type { CorrelationProgram } from './engines/correlation/program.ts'
import { EVENTS_A_TURN, type Quarantined, type RuleBudget } from './rule-guard.ts'

interface Cost {
  readonly rule: RuleInfo
  tookMs: number
  longest: number
  event: string
}

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
  #costs = new Map<string, Cost>()

  constructor(program: CorrelationProgram<StoredEvent>, budget: RuleBudget) {
    this.#program = program
    this.#budget = budget
  }

  /** As the program does. */
  feed(event: StoredEvent, matched: readonly string[], emit: boolean): Detection[] {
    const { now, turnMs } = this.#budget
    const before = now()
    const detections = this.#measures
      ? this.#program.feed(event, matched, { emit, timed: (rule, run) => this.#time(rule, run, event.id) })
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

  #time(rule: RuleInfo, run: () => void, event: string): void {
    const { cpuMs } = this.#budget
    const before = cpuMs()
    run()
    const tookMs = cpuMs() - before
    const cost = this.#costs.get(rule.id) ?? { rule, tookMs: 0, longest: -1, event }
    this.#costs.set(rule.id, cost)
    cost.tookMs += tookMs
    if (tookMs <= cost.longest) return
    cost.longest = tookMs
    cost.event = event
  }

  #judge({ doc }: StoredEvent): void {
    const { ruleMs, msPerMegabyte } = this.#budget
    this.#bytes += JSON.stringify(doc).length
    const budgetMs = ruleMs + (msPerMegabyte * this.#bytes) / 1e6
    const slow = [...this.#costs.values()].filter(({ tookMs }) => tookMs > budgetMs)
    if (slow.length === 0) return
    for (const { rule, tookMs, event } of slow) {
      this.#fresh.push({ rule, tookMs: Math.round(tookMs), budgetMs: Math.round(budgetMs), events: this.#events, event })
      this.#costs.delete(rule.id)
    }
    this.withhold(slow.map(({ rule }) => rule.id))
  }

  #begin(): void {
    this.#events = 0
    this.#lasted = 0
    this.#bytes = 0
    this.#costs = new Map()
  }
}
