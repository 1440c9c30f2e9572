import type { RuleInfo } from '../kernel/detection.ts'
import type { JsonObject } from '../kernel/json.ts'
import { type Quarantined, type RuleBudget, RuleCosts } from './rule-costs.ts'

/** Events between two looks at the clock. */
export const EVENTS_A_TURN = 64

/** Rules that can be asked what each of them costs, and be told to leave some out. */
export interface Measurable<M> {
  match(doc: JsonObject, text?: Uint8Array): readonly M[]
  measure(doc: JsonObject, note: (rule: RuleInfo, run: () => boolean) => void): void
  withhold(ids: ReadonlySet<string>): void
}

interface Event {
  readonly id: string
  readonly doc: JsonObject
}

/** By event, its document's JSON as UTF-8, where it is at hand. */
export type Texts = readonly Uint8Array[]

/**
 * Rules with a deadline. No pattern can hang the engine (regex/run.ts bounds every one), so that a turn always ends; one that takes
 * too long is measured rule by rule, the rules that used up their time are quarantined, and the turn is run again without them.
 */
export class RuleGuard<M> {
  readonly #rules: Measurable<M>
  readonly #budget: RuleBudget
  readonly #withheld = new Set<string>()
  #fresh: Quarantined[] = []

  constructor(rules: Measurable<M>, budget: RuleBudget) {
    this.#rules = rules
    this.#budget = budget
  }

  /** What matches each event, in their order. */
  match(events: readonly Event[], texts: Texts = []): (readonly M[])[] {
    const matched: (readonly M[])[] = []
    while (matched.length < events.length) {
      for (const found of this.#turn(events, texts, matched.length)) matched.push(found)
    }
    return matched
  }

  /** Rules quarantined since the last time this was asked. */
  take(): readonly Quarantined[] {
    const taken = this.#fresh
    if (taken.length > 0) this.#fresh = []
    return taken
  }

  withhold(ids: Iterable<string>): void {
    for (const id of ids) this.#withheld.add(id)
    this.#rules.withhold(this.#withheld)
  }

  isWithheld(id: string): boolean {
    return this.#withheld.has(id)
  }

  /** Whether the rule was quarantined: it is evaluated again. */
  release(id: string): boolean {
    const was = this.#withheld.delete(id)
    if (was) this.#rules.withhold(this.#withheld)
    return was
  }

  /** The events of one turn, from the one at `from` on. */
  #turn(all: readonly Event[], texts: Texts, from: number): (readonly M[])[] {
    const { cpuMs, now, turnMs } = this.#budget
    const before = cpuMs()
    let look = now() + turnMs
    const matched: (readonly M[])[] = []
    const end = Math.min(all.length, from + EVENTS_A_TURN)
    for (let at = from; at < end; at += 1) {
      matched.push(this.#rules.match(all[at]!.doc, texts[at]))
      if (now() <= look) continue
      if (cpuMs() - before > turnMs) break
      look = now() + turnMs
    }
    if (cpuMs() - before <= turnMs) return matched
    const events = all.slice(from, from + matched.length)
    const slow = this.#measure(events)
    if (slow.length === 0) return matched
    this.#fresh.push(...slow)
    this.withhold(slow.map(({ rule }) => rule.id))
    return events.map(({ doc }) => this.#rules.match(doc))
  }

  #measure(events: readonly Event[]): Quarantined[] {
    const costs = new RuleCosts(this.#budget)
    for (const { id, doc } of events) this.#rules.measure(doc, (rule, run) => costs.time(rule, run, id))
    return costs.takeSlow(
      events.length,
      events.reduce((sum, { doc }) => sum + JSON.stringify(doc).length, 0),
    )
  }
}
