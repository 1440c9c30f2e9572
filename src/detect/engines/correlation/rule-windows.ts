import { type Change, GroupWindow } from './group-window.ts'
import type { Item } from './item.ts'
import type { CorrelationLimits } from './limits.ts'
import type { LinkedRule } from './link.ts'
import { groupKey } from './values.ts'

/** Counters of one rule since the process started. */
export interface RuleStats {
  readonly id: string
  readonly title: string
  readonly groups: number
  readonly events: number
  /** Insertions: matches of its rules that had a group key and a value. */
  readonly inserted: number
  /** Ignored because a group-by field had no value. */
  readonly withoutGroup: number
  /** Ignored because `condition.field` had no (numeric) value. */
  readonly withoutValue: number
  /** Forgotten while a window could still have asked for them, because a limit was reached. */
  readonly evictedGroups: number
  readonly evictedEvents: number
  readonly fired: number
}

export interface Insertion extends Change {
  readonly window: GroupWindow
}

/** All groups of one rule, within its limits. */
export class RuleWindows {
  readonly rule: LinkedRule
  readonly #limits: CorrelationLimits
  /** Milliseconds that an item can matter: no later insertion looks further back. */
  readonly #keep: number
  /** Least recently touched first. */
  readonly #groups = new Map<string, GroupWindow>()
  #events = 0
  #inserted = 0
  #evictedGroups = 0
  #evictedEvents = 0
  withoutGroup = 0
  withoutValue = 0
  fired = 0

  constructor(rule: LinkedRule, limits: CorrelationLimits) {
    this.rule = rule
    this.#limits = limits
    this.#keep = limits.lateness + rule.spec.span + rule.join + rule.reach
  }

  stats(): RuleStats {
    return {
      id: this.rule.info.id,
      title: this.rule.info.title,
      groups: this.#groups.size,
      events: this.#events,
      inserted: this.#inserted,
      withoutGroup: this.withoutGroup,
      withoutValue: this.withoutValue,
      evictedGroups: this.#evictedGroups,
      evictedEvents: this.#evictedEvents,
      fired: this.fired,
    }
  }

  insert(item: Item, scope: string, clock: number): Insertion {
    const key = groupKey(scope, item.group)
    const window = this.#groups.get(key) ?? new GroupWindow(this.rule.spec.span, this.rule.join, this.rule.spec.aggregate)
    this.#groups.delete(key)
    this.#groups.set(key, window)
    window.touched = clock
    this.#inserted++
    const change = window.insert(item)
    this.#events += 1 - window.expire(clock - this.#keep)
    while (window.size > this.#limits.eventsPerGroup) this.#evictFrom(window, clock)
    this.#forgetGroups(clock)
    return { ...change, window }
  }

  #evictFrom(window: GroupWindow, clock: number): void {
    const item = window.evict()
    this.#events--
    if (item !== undefined && item.time >= clock - this.#keep) this.#evictedEvents++
  }

  #forgetGroups(clock: number): void {
    // What lies ahead of the clock needs its group for longer than the clock of its insertion says.
    const rest = clock - this.#keep - this.#limits.ahead
    for (const [key, window] of this.#groups) {
      const over = this.#groups.size > this.#limits.groups || (this.#events > this.#limits.eventsPerRule && this.#groups.size > 1)
      const expired = window.touched < rest
      if (!over && !expired) return
      this.#groups.delete(key)
      this.#events -= window.size
      if (expired) continue
      this.#evictedGroups++
      this.#evictedEvents += window.size
    }
  }
}
