import type { JsonObject } from '../kernel/json.ts'
import type { Knowing } from './spool.ts'

/** What a collector is given by the agent that runs it. */
export interface CollectorContext {
  /**
   * An event in ECS; the agent adds its time where there is none, its host, its number. False where the spool is full.
   * @param knowing what is known because of it, kept with it by one write: what is read of it at the next start was told.
   */
  readonly emit: (event: JsonObject, knowing?: Knowing) => boolean
  /** What was known by events that were durable when the agent started, the newest of each; given once. */
  readonly takeKnown?: () => ReadonlyMap<string, string | null>
  /** Resolves as soon as there is room again: for what can wait, because it can be read again. */
  readonly room: () => Promise<void>
  /** Resolves at once, unless much waits to be written: then when it is, or the spool is full. For who tells thousands of things in a row. */
  readonly settle?: () => Promise<void>
  /** Resolves once what was emitted so far is durable, or the spool is full: what is known because of it may be kept then. */
  readonly flush?: () => Promise<void>
  /** Adds to a counter that every heartbeat shows: what was not seen or not read is never silent. */
  readonly count: (name: string, by?: number) => void
  readonly signal: AbortSignal
  /** A folder of the collector's own, kept over restarts. */
  readonly folder: string
  readonly warn: (message: string) => void
}

/** Watches one thing on the host until its signal is aborted. Throwing is no end: the agent counts it and starts it again. */
export interface Collector {
  readonly id: string
  readonly run: (context: CollectorContext) => Promise<void>
}
