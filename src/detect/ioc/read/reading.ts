import type { Indicator } from '../indicator.ts'

/** What could not be taken, with its place: `line` 1-based, or the sender's own id. */
export interface Skipped {
  readonly place: string
  readonly reason: string
}

/** What a text holds. */
export interface Reading {
  readonly indicators: readonly Indicator[]
  readonly skipped: readonly Skipped[]
  /** Sender's ids of indicators that are withdrawn. */
  readonly withdrawn?: readonly string[]
  /** Sender's ids of which the reading says all: what was said under one of them before and is not here is no longer said. */
  readonly revised?: readonly string[]
}

/** Collects a reading; of what is skipped the first are named and all are counted by the caller. */
export class Collected {
  readonly indicators: Indicator[] = []
  readonly skipped: Skipped[] = []
  readonly withdrawn: string[] = []
  readonly revised: string[] = []

  skip(place: string | number, reason: string): void {
    this.skipped.push({ place: String(place), reason })
  }
}
