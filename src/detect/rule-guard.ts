import type { RuleInfo } from '../kernel/detection.ts'
import type { JsonObject } from '../kernel/json.ts'

/** A rule that used up its time and is evaluated no more. */
export interface Quarantined {
  readonly rule: RuleInfo
  /** CPU milliseconds that the rule alone took for these events, and what it may take. */
  readonly tookMs: number
  readonly budgetMs: number
  readonly events: number
  /** Id of the event that took longest. */
  readonly event: string
}

export interface RuleBudget {
  /** CPU milliseconds that all rules together may take for a turn of events before anybody asks which of them it was. */
  readonly turnMs: number
  /** What a rule alone may take of a turn, and more for each megabyte of its events: large events are not the rule's fault. */
  readonly ruleMs: number
  readonly msPerMegabyte: number
  /** CPU milliseconds of this thread so far: other processes' load is not the rule's fault either. */
  readonly cpuMs: () => number
  /** Milliseconds of any clock, asked at each event and so a cheap one: a turn that lasts ends early. */
  readonly now: () => number
}

/** A turn takes about a millisecond with thousands of rules. Linear patterns take some 50 ms a megabyte. */
export const DEFAULT_BUDGET: RuleBudget = {
  turnMs: 1_000,
  ruleMs: 500,
  msPerMegabyte: 250,
  cpuMs: () => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1_000
  },
  now: () => performance.now(),
}

/** Events between two looks at the clock. */
export const EVENTS_A_TURN = 64

/** Rules that can be asked what each of them costs, and be told to leave some out. */
export interface Measurable<M> {
  match(doc: JsonObject): readonly M[]
  measure(doc: JsonObject, note: (rule: RuleInfo, run: () => boolean) => void): void
  withhold(ids: ReadonlySet<string>): void
}

interface Event {
  readonly id: string
  readonly doc: JsonObject
}

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
  match(events: readonly Event[]): (readonly M[])[] {
    const matched: (readonly M[])[] = []
    while (matched.length < events.length) {
      for (const found of this.#turn(events, matched.length)) matched.push(found)
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
  #turn(all: readonly Event[], from: number): (readonly M[])[] {
    const { cpuMs, now, turnMs } = this.#budget
    const before = cpuMs()
    let look = now() + turnMs
    const matched: (readonly M[])[] = []
    const end = Math.min(all.length, from + EVENTS_A_TURN)
    for (let at = from; at < end; at += 1) {
      matched.push(this.#rules.match(all[at]!.doc))
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
    const { cpuMs, ruleMs, msPerMegabyte } = this.#budget
    const bytes = events.reduce((sum, { doc }) => sum + JSON.stringify(doc).length, 0)
    const budgetMs = ruleMs + (msPerMegabyte * bytes) / 1e6
    const costs = new Map<string, { rule: RuleInfo; tookMs: number; longest: number; event: string }>()
    for (const { id, doc } of events) {
      this.#rules.measure(doc, (rule, run) => {
        const before = cpuMs()
        run()
        const tookMs = cpuMs() - before
        const cost = costs.get(rule.id) ?? { rule, tookMs: 0, longest: -1, event: id }
        costs.set(rule.id, cost)
        cost.tookMs += tookMs
        if (tookMs <= cost.longest) return
        cost.longest = tookMs
        cost.event = id
      })
    }
    return [...costs.values()]
      .filter(({ tookMs }) => tookMs > budgetMs)
      .map(({ rule, tookMs, event }) => ({
        rule,
        tookMs: Math.round(tookMs),
        budgetMs: Math.round(budgetMs),
        events: events.length,
        event,
      }))
  }
}
