import type { ColumnType } from 'kysely'
import type { Density } from './sequence.ts'

/**
 * A host as one source hears it. Times are milliseconds UTC. The writer's thread owns every column but `silent_since` and
 * `told`, which are the sweep's.
 */
export interface HostsTable {
  scope: string
  source: string
  host: string
  /** The scope of the source, where its accounts are kept. */
  home: string
  first_seen: number
  last_seen: number
  events: number
  minutes: number
  /** The three longest silences of this period and the usual one of the period before, seconds. */
  silence_1: number
  silence_2: number
  silence_3: number
  usual: number
  period: number
  skew_since: number
  skew_growing: number | null
  skew_delay: number | null
  ahead: number
  behind: number
  /** Bits of MINIMUM_KINDS. */
  kinds: number
  /** The lake's batch up to which the row counts. */
  sequence: number
  /** Received time after which it was silent for too long, if it is; null while it is heard. */
  silent_since: ColumnType<number | null, number | null | undefined, number | null>
}

/** A numbered stream of a host; times of holes are seconds. */
export interface StreamsTable {
  scope: string
  source: string
  host: string
  stream: string
  home: string
  next: number
  steps: number
  jumps: number
  missing: number
  duplicates: number
  resets: number
  observed: number
  /** JSON: [from, to, since] of each open hole. */
  holes: string
  density: Density
  sequence: number
}

/** When a scope first and last received an event of a minimum kind. */
export interface KindsTable {
  scope: string
  kind: string
  first_seen: number
  last_seen: number
}

/** Up to which batch of the lake the rows above are written. */
export interface WatchedTable {
  writer: string
  scope: string
  sequence: number
  /** Hosts that were not followed because there were too many. */
  unfollowed: number
}

/** A source that was told of as silent: the event it last had then. */
export interface SilencesTable {
  scope: string
  source: string
  last_event: number
}

export interface CompletenessTables {
  collect_hosts: HostsTable
  collect_streams: StreamsTable
  collect_kinds: KindsTable
  collect_watched: WatchedTable
  collect_silences: SilencesTable
}
