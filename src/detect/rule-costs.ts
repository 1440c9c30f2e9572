import type { RuleInfo } from '../kernel/detection.ts'

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

/** What each rule took of a turn of events, in CPU milliseconds, and its longest event. */
export class RuleCosts {
  readonly #budget: RuleBudget
  readonly #costs = new Map<string, { rule: RuleInfo; tookMs: number; longest: number; event: string }>()

  constructor(budget: RuleBudget) {
    this.#budget = budget
  }

  /** Runs a rule on an event, and notes what it took. */
  time(rule: RuleInfo, run: () => unknown, event: string): void {
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

  /** Rules that took more than so many events with so many bytes allow; they count from nothing again. */
  takeSlow(events: number, bytes: number): Quarantined[] {
    const { ruleMs, msPerMegabyte } = this.#budget
    const budgetMs = ruleMs + (msPerMegabyte * bytes) / 1e6
    const slow = [...this.#costs.values()].filter(({ tookMs }) => tookMs > budgetMs)
    for (const { rule } of slow) this.#costs.delete(rule.id)
    return slow.map(({ rule, tookMs, event }) => ({
      rule,
      tookMs: Math.round(tookMs),
      budgetMs: Math.round(budgetMs),
      events,
      event,
    }))
  }
}
