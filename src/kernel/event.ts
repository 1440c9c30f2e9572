import type { JsonObject } from './json.ts'

/** Every row and event belongs to one scope (a team or a customer); this is the one a new installation has. */
export const DEFAULT_SCOPE = 'default'

/**
 * Where scenarios of the self-test are executed: the same way in, the same rules, and apart from everything that people and
 * measures look at. No person, token or source can be given this scope.
 */
export const SELFTEST_SCOPE = 'selftest'
/** The source of their events; what comes from `kanpeki:` is no sight of a host. */
export const SELFTEST_SOURCE = 'kanpeki:selftest'

/**
 * What a source hands over: bytes or an already decoded JSON object, with the identity that makes a retry harmless.
 * `id` is deterministic: a source position (`file:inode:offset`), a client's `_id`, or (token, body hash, index).
 */
export interface RawRecord {
  readonly id: string
  /** The record as text (a log line); absent when `json` is given. */
  readonly text?: string
  /** The record as the client's own JSON object. */
  readonly json?: JsonObject
  /** The header of its stream, for lines that mean nothing without one (`#Fields:` of IIS, `#fields` of Zeek). */
  readonly header?: string
  /** Peer address for network sources, path for files. */
  readonly origin?: string
  /**
   * Set where the source itself found that nobody can read the record (cut, broken JSON, invalid UTF-8): the reason.
   * Such a record goes to no parser; `text` (what there is of it) is kept as an Unknown with this reason.
   */
  readonly unreadable?: string
  /**
   * Reads the rest, where there are only id and origin yet: documents of a large request that are all read before the first is
   * taken in outlive collections of the heap's young part. Called once, when the record's turn has come.
   */
  readonly later?: () => RawRecord
}

/** What a parser may know about the record's surroundings. Times are milliseconds since 1970 UTC. */
export interface ParseContext {
  readonly received: number
  /** Minutes east of UTC for formats that carry no zone (RFC 3164). */
  readonly zoneMinutes: number
  /** Which parser ids the source is set to try first; empty means all, in registry order. */
  readonly prefer: readonly string[]
}

/** A record in ECS. `observed` is the time at the origin, or undefined when the record carries none. */
export interface ParsedEvent {
  readonly observed: number | undefined
  /** ECS document, nested. Never holds `@timestamp`, `event.id` or `event.ingested`: the pipeline sets those. */
  readonly ecs: JsonObject
}

/** A record that no parser could read: kept, counted, searchable, with the reason. */
export interface Unknown {
  readonly unknown: string
}

/** An event as the lake keeps it and the engines see it. */
export interface StoredEvent {
  readonly id: string
  readonly scope: string
  /** Source id, e.g. `http`, `syslog`, `file:/var/log/auth.log`. */
  readonly source: string
  /** Parser id, or `unknown`. */
  readonly parser: string
  readonly observed: number
  readonly received: number
  /** Which log's batch and place: the order of truth. */
  readonly writer: string
  readonly sequence: number
  readonly index: number
  /** ECS document with `@timestamp`, `event.id` and `event.ingested` set. */
  readonly doc: JsonObject
}
