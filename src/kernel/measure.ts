import type { JsonObject } from './json.ts'

export const UNITS = ['percent', 'seconds', 'count', 'days'] as const
export type Unit = (typeof UNITS)[number]

/**
 * One reading. `value` is null when nothing could be measured: that is `unknown`, never zero and never a pass.
 * good + bad + unknown counts the items the value stands on.
 */
export interface Reading {
  readonly value: number | null
  readonly good: number
  readonly bad: number
  readonly unknown: number
  /** What was counted, small enough for a ledger leaf; ids of at most 20 items. */
  readonly evidence: JsonObject
  /**
   * When the newest item that the value stands on reached us, milliseconds UTC. A count of zero over a source that went
   * silent yesterday is a day old, whenever it was computed. Absent: as old as the reading itself.
   */
  readonly asOf?: number
  /**
   * SHA-256 (hexadecimal) of everything that was counted, where it is more than `evidence` shows; each over canonical JSON.
   * Absent: of `evidence` itself.
   */
  readonly inputs?: readonly string[]
  /** Why value is null, for people; best in both languages. */
  readonly missing?: string | { readonly en: string; readonly ja: string }
}

/**
 * How many percent of the items are good, to two digits and never more than it is: of 50,000 hosts with two that are not, 99.99,
 * and not the 100 that was promised. For shares of which more is better. @param all at least 1.
 */
export function shareOf(good: number, all: number): number {
  const share = Math.floor((10_000 * good) / all) / 100
  return good < all ? Math.min(share, 99.99) : share
}

/** What one objective asks of a measure. Milliseconds UTC, `to` exclusive. */
export interface Question {
  readonly params: JsonObject
  readonly from: number
  readonly to: number
}

/** Feeds objectives. `from` and `to` are milliseconds UTC, `to` exclusive. */
export interface Measure {
  readonly id: string
  readonly unit: Unit
  readonly title: { readonly en: string; readonly ja: string }
  /** Why these parameters make no sense, or undefined; asked when a card is loaded, so that it is refused by line. */
  readonly check?: (params: JsonObject) => string | undefined
  measure(params: JsonObject, from: number, to: number, scope: string): Promise<Reading>
  /** The same for many questions at once, where that is cheaper: one reading for each, in their order. */
  measureMany?(questions: readonly Question[], scope: string): Promise<readonly Reading[]>
}

/** `unproven` is missing or stale evidence: it costs the badge like a miss. */
export const OBJECTIVE_STATES = ['met', 'unmet', 'unproven'] as const
export type ObjectiveState = (typeof OBJECTIVE_STATES)[number]

export const BADGE_STATES = ['draft', 'held', 'at-risk', 'withdrawn', 'expired'] as const
export type BadgeState = (typeof BADGE_STATES)[number]

/** Whether a badge is worn: at risk it still is. */
export function isWorn(state: BadgeState): boolean {
  return state === 'held' || state === 'at-risk'
}
