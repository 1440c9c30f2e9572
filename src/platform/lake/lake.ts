import type { StoredEvent } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Query } from './query/ast.ts'

/** One event on its way in. `json` is `doc` as text, exactly as it is kept, hashed and given back. */
export interface LakeEvent {
  readonly id: string
  readonly scope: string
  readonly source: string
  readonly parser: string
  /** Milliseconds UTC. */
  readonly observed: number
  readonly doc: JsonObject
  readonly json: string
  /** Hash of the client's request this event came in, for recognising a repeated one; empty where ids do that. */
  readonly request: string
}

/** What all rows of a batch share. `received` is one time for the whole batch, so that it lies in one hour's partition. */
export interface BatchHead {
  readonly writer: string
  /** 1, 2, 3 … per writer, without gaps. */
  readonly sequence: number
  /** Milliseconds UTC. */
  readonly received: number
  /** Secret of this batch's Merkle leaves, hexadecimal. */
  readonly salt: string
}

/** Events on their way in, gathered a few at a time: what is added is written out at once, and its document can be let go. */
export interface LakeRows {
  readonly count: number
  /** @returns by event, its document's bytes as they are kept, valid until the rows are forgotten. */
  add(events: readonly LakeEvent[]): readonly Uint8Array[]
  /**
   * The documents' bytes exactly as they are kept, hashed and given back, as `longTexts` of column-room.ts tells them apart, in
   * memory that other threads can read. Valid until rows are added or forgotten.
   */
  documents(): Uint8Array
  /** Forgets the rows and keeps the room. */
  clear(): void
}

/** What the writer commits at once. */
export interface LakeBatch extends BatchHead {
  /** Made by `newRows` of encode.ts. */
  readonly rows: LakeRows
}

/** A committed batch as it is read back, in the order in which it was written. */
export interface StoredBatch {
  readonly writer: string
  readonly sequence: number
  readonly received: number
  /** Empty for a batch of which events were erased: it is gone then, so that nobody can guess them from their leaves. */
  readonly salt: string
  /** Only where `salt` is gone: each event's own, hexadecimal, index by index. */
  readonly salts?: readonly string[]
  readonly events: readonly StoredEvent[]
  /** The documents' own bytes as text, index by index. */
  readonly json: readonly string[]
}

/** Bounds are milliseconds UTC on the observed time (`by: 'received'` for the other), `to` exclusive. */
export interface TimeRange {
  readonly from: number
  readonly to: number
  readonly by?: 'observed' | 'received'
}

export interface SearchRequest {
  /** Undefined reads every scope: for the platform's own work only, never for a caller. */
  readonly scope: string | undefined
  readonly query: Query
  readonly range?: TimeRange
  /** Aborted, the engine stops working on it and the call fails with `cancelled`. */
  readonly signal?: AbortSignal
}

export interface SearchPage extends SearchRequest {
  /** At most 10,000. */
  readonly limit: number
  readonly order?: 'newest' | 'oldest'
  /** `cursor` of the page before. */
  readonly after?: string
}

export interface SearchResult {
  readonly events: readonly StoredEvent[]
  /** Present when there may be more. */
  readonly cursor?: string
}

export interface Bucket {
  /** Start, milliseconds UTC. */
  readonly at: number
  readonly count: number
}

export interface TopValue {
  readonly value: string
  readonly count: number
}

export interface LakeStats {
  readonly events: number
  /** Bytes on disk and bytes of the same columns uncompressed. */
  readonly bytes: number
  readonly rawBytes: number
  readonly hours: readonly HourStats[]
}

export interface HourStats {
  /** Start of the received hour, milliseconds UTC. */
  readonly hour: number
  readonly events: number
  readonly bytes: number
}

/** Received and last observed by source, for the completeness accounting. */
export interface SourceStats {
  readonly source: string
  readonly scope: string
  readonly events: number
  readonly unknown: number
  readonly lastReceived: number
}

export interface SealedBatch {
  readonly writer: string
  readonly sequence: number
  readonly count: number
}

/** One received hour as a Parquet file (zstd), rows in order of (writer, sequence, index). */
export interface SealedHour {
  readonly hour: number
  /** Relative to the data folder, `/` as separator. */
  readonly file: string
  /** Of the file, hexadecimal. */
  readonly sha256: string
  readonly bytes: number
  readonly rows: number
  readonly batches: readonly SealedBatch[]
  readonly firstReceived: number
  readonly lastReceived: number
}

/** Events of one received hour to be taken out. */
export interface Condemned {
  readonly scope: string | undefined
  readonly query: Query
  /** Highest sequence number by writer: of later batches the consequences are not yet committed. */
  readonly upto: ReadonlyMap<string, number>
}

/** Rows as `condemned` gave them. */
export interface CondemnedRows {
  readonly writer: string
  readonly sequence: number
  readonly indexes: readonly number[]
}

/** Events of one batch that are to go, with the leaves (hexadecimal) that stand for them in the batch's tree. */
export interface CondemnedBatch {
  readonly writer: string
  readonly sequence: number
  readonly leaves: readonly { readonly index: number; readonly leaf: string }[]
}

/**
 * Where events are kept. The embedded engine and a ClickHouse cluster answer the same calls.
 * Each call fails with a KanpekiError: `lake_unreachable` (not answering now; the caller may try again), `disk_full`,
 * `lake_memory`, `lake_timeout`, `lake_refused` (the engine's own message), `query_*` for a query it cannot run.
 */
export interface Lake {
  /**
   * Resolves only once the batch is durable (fsynced); all of it becomes visible or nothing. Appending the same
   * (writer, sequence) again after a failure or a crash is harmless: it is stored once.
   * @throws `lake_sequence` if that number was used for another batch.
   */
  append(batch: LakeBatch): Promise<void>
  /** Batches of a writer after a sequence number, oldest first: at least one if any, and no more once `events` is passed. */
  readFrom(writer: string, afterSequence: number, events: number): Promise<readonly StoredBatch[]>
  /** Highest committed sequence number of a writer, 0 before the first. */
  lastSequence(writer: string): Promise<number>
  /** Which of these request hashes were stored with a received time of at least `sinceMs`. */
  knownRequests(hashes: readonly string[], sinceMs: number): Promise<ReadonlySet<string>>
  /** Which of these event ids were. */
  knownIds(ids: readonly string[], sinceMs: number): Promise<ReadonlySet<string>>
  search(request: SearchPage): Promise<SearchResult>
  count(request: SearchRequest): Promise<number>
  /** Counts per `step` milliseconds of the range's time; empty buckets are included. */
  histogram(request: SearchRequest & { readonly range: TimeRange; readonly step: number }): Promise<readonly Bucket[]>
  /** Most frequent values of a field (dotted ECS path), most frequent first. */
  top(request: SearchRequest & { readonly field: string; readonly limit: number }): Promise<readonly TopValue[]>
  /**
   * Writes events as a Parquet file at `path`, which does not exist yet: id, times and source, the ECS fields that have a
   * column (`user_name` for `user.name`), and the whole document as JSON. In the order in which they are stored.
   */
  writeParquet(request: SearchRequest, limit: number, path: string): Promise<void>
  get(scope: string | undefined, id: string): Promise<StoredEvent | undefined>
  /** Those of these events that are there, in no order; at most 1000 ids. */
  getMany(scope: string | undefined, ids: readonly string[]): Promise<readonly StoredEvent[]>
  /** One batch; undefined where nothing of it is there any more. */
  batch(writer: string, sequence: number): Promise<StoredBatch | undefined>
  /**
   * Events of the same host (or source, if the event names no host) within `ms` before and after, oldest first: the event itself
   * and those nearest to it, by time and then by the order in which they were written. `more` says that there are others.
   */
  around(
    scope: string | undefined,
    id: string,
    ms: number,
    limit: number,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly more: boolean }>
  /** Which received hours hold events and are wholly past, oldest first. */
  closedHours(now: number): Promise<readonly number[]>
  /**
   * Exports an hour. Running it again gives the same rows, and replaces the file in one step.
   * @param revision 0, and one more each time that events were taken out since: each revision is a file of its own.
   */
  sealHour(hour: number, revision?: number): Promise<SealedHour>
  /** Forgets an hour's events; a sealed file stays. */
  dropHour(hour: number): Promise<void>
  /** What `erase` would take out of an hour, batch by batch. */
  condemned(hour: number, what: Condemned): AsyncIterable<CondemnedBatch>
  /**
   * Takes events out of an hour, and the salts of their batches with them (each event that stays keeps its own). Running
   * it again is harmless. A sealed file stays.
   * @param rows all that `what` means, where they are few: the engine need not look for them a second time.
   */
  erase(hour: number, what: Condemned, rows?: readonly CondemnedRows[]): Promise<void>
  /** Merges all that is stored, which happens by itself sooner or later; for tests and for upkeep at quiet times. */
  compact(): Promise<void>
  stats(): Promise<LakeStats>
  sources(sinceMs: number): Promise<readonly SourceStats[]>
  /**
   * The received time before which no batch of the writers heard in this range (of received times) becomes visible any more:
   * the earliest of their last, as batches of a writer become visible in order. Undefined where none was heard.
   */
  settledUpTo(range: TimeRange): Promise<number | undefined>
  /**
   * For a stop: from so many milliseconds on no call waits for a lake that does not answer. One after the other would
   * wait its whole patience otherwise. What the lake is doing is not broken off.
   */
  endPatience(afterMs: number): void
  close(): Promise<void>
}
