import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { StoredEvent } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { moveDurably, syncFile, syncFolder } from '../atomic-file.ts'
import { fileDigest } from '../file-digest.ts'
import { around } from './around.ts'
import { RowBlock } from './encode.ts'
import type { Engine, Row } from './engine-calls.ts'
import { condemnedBatches, eraseStatement, ownSalt } from './erase.ts'
import type { ExportParquet } from './export.ts'
import { histogram } from './histogram.ts'
import type { InsertRows } from './insert.ts'
import type {
  BatchHead,
  Bucket,
  Condemned,
  CondemnedBatch,
  CondemnedRows,
  Lake,
  LakeBatch,
  LakeStats,
  SealedHour,
  SearchPage,
  SearchRequest,
  SearchResult,
  SourceStats,
  StoredBatch,
  TimeRange,
  TopValue,
} from './lake.ts'
import { spansBack } from './newest-first.ts'
import * as queries from './queries.ts'
import { Params } from './query/params.ts'
import { HOUR_MS } from './table.ts'

/** Batches looked at when catching up, values asked for at once, rows and buckets given at most. */
const BATCHES_A_READ = 1000
const KNOWN_A_QUERY = 1000
/** The engine reads statements of 262,144 bytes; a byte takes four of them at most, quoted twice. */
const KNOWN_BYTES_A_QUERY = 56_000
const MOST_EVENTS = 10_000
const MOST_BUCKETS = 10_000
/** A batch received just before the hour ends may be committed a little later. */
const HOUR_GRACE_MS = 300_000

/** An insert that found no memory beside a search or a merge has stored nothing and is tried again a little later. */
const RETRIED = ['lake_unreachable', 'lake_memory']

/** The lake on anything that speaks ClickHouse's HTTP interface: the embedded engine's process, or a cluster. */
export class ClickHouseLake implements Lake {
  readonly #engine: Engine
  readonly #insertRows: InsertRows
  readonly #exportParquet: ExportParquet
  readonly #sealed: string
  readonly #clock: Clock
  /** Batches of which a former attempt ended without an answer. */
  readonly #doubtful = new Set<string>()

  constructor(engine: Engine, insertRows: InsertRows, exportParquet: ExportParquet, sealed: string, clock: Clock) {
    this.#engine = engine
    this.#insertRows = insertRows
    this.#exportParquet = exportParquet
    this.#sealed = sealed
    this.#clock = clock
  }

  async append(batch: LakeBatch): Promise<void> {
    const { rows } = batch
    if (rows.count === 0) return
    if (!(rows instanceof RowBlock)) throw new TypeError('rows of another lake')
    const token = tokenOf(batch)
    await this.#insertRows(
      (file) => queries.insertEvents(batch, token, file),
      rows.bytes(),
      (insert) =>
        this.#engine.patiently(
          async () => {
            if (this.#doubtful.has(token) && (await this.#isStored(batch))) return
            this.#doubtful.add(token)
            await insert()
          },
          undefined,
          RETRIED,
        ),
    )
    this.#doubtful.delete(token)
  }

  async #isStored(batch: LakeBatch): Promise<boolean> {
    const { sql, params } = queries.storedOf(batch.writer, batch.sequence)
    const { events, theirs } = await this.#engine.one<{ events: number; theirs: string }>(sql, params)
    if (events === 0) return false
    if (events === batch.rows.count && theirs === batch.salt) return true
    throw new KanpekiError('lake_sequence', `Batch ${batch.sequence} of writer ${batch.writer} is stored with other events.`, {
      remedy: 'Two writers share one name: give each its own.',
    })
  }

  async readFrom(writer: string, afterSequence: number, events: number): Promise<readonly StoredBatch[]> {
    const [start] = await this.#rows<{ first: string }>(queries.firstAfter(writer, afterSequence))
    if (start === undefined) return []
    const first = Number(start.first)
    const sizes = await this.#rows<{ number: string; events: number }>(queries.batchSizes(writer, first, BATCHES_A_READ))
    let last = first
    let sum = 0
    for (const size of sizes) {
      if (sum >= events) break
      sum += size.events
      last = Number(size.number)
    }
    return batchesOf(await this.#rows<queries.EventRow & { salt: string }>(queries.eventsOfBatches(writer, first, last)))
  }

  async lastSequence(writer: string): Promise<number> {
    const { sql, params } = queries.lastSequence(writer)
    return Number((await this.#engine.one<{ last: string }>(sql, params)).last)
  }

  knownRequests(hashes: readonly string[], sinceMs: number): Promise<ReadonlySet<string>> {
    return this.#known('request', hashes, sinceMs)
  }

  knownIds(ids: readonly string[], sinceMs: number): Promise<ReadonlySet<string>> {
    return this.#known('id', ids, sinceMs)
  }

  async #known(column: 'request' | 'id', values: readonly string[], sinceMs: number): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    for (const some of inParts(values)) {
      const rows = await this.#rows<{ known: string }>(queries.known(column, some, sinceMs))
      for (const row of rows) found.add(row.known)
    }
    return found
  }

  async search(request: SearchPage): Promise<SearchResult> {
    const limit = Math.min(request.limit, MOST_EVENTS)
    const after = request.after === undefined ? undefined : queries.readCursor(request.after)
    // Pages of one search mean the same moment, or events would pass its ends meanwhile.
    const now = after?.now ?? this.#clock.now()
    const rows: queries.EventRow[] = []
    for (const span of spansBack(request, after, now)) {
      const statement = queries.search({ ...request, limit: limit - rows.length }, after, now, span)
      rows.push(...(await this.#rows<queries.EventRow>(statement, request.signal)))
      if (rows.length >= limit) break
    }
    const last = rows.at(-1)
    const more = rows.length === limit && last !== undefined ? { cursor: queries.writeCursor(last, now) } : {}
    return { events: rows.map(eventOf), ...more }
  }

  async count(request: SearchRequest): Promise<number> {
    const { sql, params } = queries.count(request, this.#clock.now())
    return Number((await this.#engine.one<{ events: string }>(sql, params, request.signal)).events)
  }

  async histogram(request: SearchRequest & { readonly range: TimeRange; readonly step: number }): Promise<readonly Bucket[]> {
    const { from, to } = request.range
    const buckets = Math.ceil((to - from) / request.step)
    if (!(request.step > 0) || !(buckets <= MOST_BUCKETS))
      throw new KanpekiError('query_range', `A histogram has at most ${MOST_BUCKETS} bars.`, {
        remedy: 'Widen the step or narrow the range.',
      })
    const rows = await this.#rows<{ bucket: number; events: number | string }>(
      histogram(request, this.#clock.now()),
      request.signal,
    )
    const counts = new Map(rows.map((row) => [row.bucket, Number(row.events)]))
    return Array.from({ length: Math.max(buckets, 0) }, (_, n) => ({ at: from + n * request.step, count: counts.get(n) ?? 0 }))
  }

  async top(request: SearchRequest & { readonly field: string; readonly limit: number }): Promise<readonly TopValue[]> {
    const limit = Math.min(request.limit, MOST_EVENTS)
    const rows = await this.#rows<{ value: string; events: number | string }>(
      queries.top({ ...request, limit }, this.#clock.now()),
      request.signal,
    )
    return rows.map((row) => ({ value: row.value, count: Number(row.events) }))
  }

  async get(scope: string | undefined, id: string): Promise<StoredEvent | undefined> {
    const [row] = await this.#rows<queries.EventRow>(queries.eventById(scope, id))
    return row === undefined ? undefined : eventOf(row)
  }

  writeParquet(request: SearchRequest, limit: number, path: string): Promise<void> {
    return this.#exportParquet(queries.exportRows(request, limit, this.#clock.now()), path, { signal: request.signal })
  }

  async getMany(scope: string | undefined, ids: readonly string[]): Promise<readonly StoredEvent[]> {
    if (ids.length === 0) return []
    if (ids.length > KNOWN_A_QUERY) throw new RangeError(`${ids.length} ids asked for at once`)
    const found: StoredEvent[] = []
    for (const some of inParts(ids))
      for (const row of await this.#rows<queries.EventRow>(queries.eventsById(scope, some))) found.push(eventOf(row))
    return found
  }

  async batch(writer: string, sequence: number): Promise<StoredBatch | undefined> {
    const rows = await this.#rows<queries.EventRow & { salt: string }>(queries.eventsOfBatches(writer, sequence, sequence))
    return batchesOf(rows)[0]
  }

  async around(
    scope: string | undefined,
    id: string,
    ms: number,
    limit: number,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly more: boolean }> {
    const [anchor] = await this.#rows<queries.EventRow>(queries.eventById(scope, id))
    if (anchor === undefined) return { events: [], more: false }
    const most = Math.min(limit, MOST_EVENTS)
    const nearest = await this.#rows<queries.EventRow>(around(scope, anchor, ms, most + 1))
    const events = nearest.slice(0, most).map(eventOf)
    events.sort((a, b) => a.observed - b.observed || a.sequence - b.sequence || a.index - b.index)
    return { events, more: nearest.length > most }
  }

  async closedHours(now: number): Promise<readonly number[]> {
    const { hours } = await this.stats()
    return hours.map(({ hour }) => hour).filter((hour) => hour + HOUR_MS + HOUR_GRACE_MS <= now)
  }

  async sealHour(hour: number, revision = 0): Promise<SealedHour> {
    const name = new Date(hour).toISOString().slice(0, 13)
    const folder = join(this.#sealed, name)
    const file = revision === 0 ? 'events.parquet' : `events-${revision}.parquet`
    const temporary = join(folder, `${file}.tmp`)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await syncFolder(this.#sealed)
    await rm(temporary, { force: true })
    await this.#exportParquet({ sql: queries.hourRows(hour), params: new Params() }, temporary, { small: true })
    const rows = await this.#engine.rows<{
      writer: string
      number: string
      events: number
      first: number | string
      last: number | string
    }>(queries.hourBatches(hour))
    await syncFile(temporary)
    const { sha256, bytes } = await fileDigest(temporary)
    await moveDurably(temporary, join(folder, file))
    return {
      hour,
      file: `lake/sealed/${name}/${file}`,
      sha256,
      bytes,
      rows: rows.reduce((sum, row) => sum + row.events, 0),
      batches: rows.map((row) => ({ writer: row.writer, sequence: Number(row.number), count: row.events })),
      firstReceived: rows.reduce((first, row) => Math.min(first, Number(row.first)), Number.POSITIVE_INFINITY),
      lastReceived: rows.reduce((last, row) => Math.max(last, Number(row.last)), Number.NEGATIVE_INFINITY),
    }
  }

  async dropHour(hour: number): Promise<void> {
    await this.#engine.command(queries.dropHour(hour))
  }

  condemned(hour: number, what: Condemned): AsyncIterable<CondemnedBatch> {
    return condemnedBatches(this.#engine, hour, what, this.#clock.now())
  }

  async erase(hour: number, what: Condemned, rows?: readonly CondemnedRows[]): Promise<void> {
    const { sql, params } = eraseStatement(hour, what, this.#clock.now(), rows)
    await this.#engine.command(sql, params)
  }

  async compact(): Promise<void> {
    await this.#engine.command('OPTIMIZE TABLE events FINAL')
  }

  async stats(): Promise<LakeStats> {
    const rows = await this.#engine.rows<Readonly<Record<'partition' | 'events' | 'bytes' | 'rawBytes', string>>>(queries.HOURS)
    const sum = (key: 'events' | 'bytes' | 'rawBytes') => rows.reduce((total, row) => total + Number(row[key]), 0)
    return {
      events: sum('events'),
      bytes: sum('bytes'),
      rawBytes: sum('rawBytes'),
      hours: rows.map((row) => ({ hour: Number(row.partition) * 1000, events: Number(row.events), bytes: Number(row.bytes) })),
    }
  }

  async sources(sinceMs: number): Promise<readonly SourceStats[]> {
    const rows = await this.#rows<Record<'source' | 'scope', string> & Record<'events' | 'unknown' | 'lastReceived', string>>(
      queries.sources(sinceMs),
    )
    return rows.map((row) => ({
      source: row.source,
      scope: row.scope,
      events: Number(row.events),
      unknown: Number(row.unknown),
      lastReceived: Number(row.lastReceived),
    }))
  }

  async settledUpTo(range: TimeRange): Promise<number | undefined> {
    const [row] = await this.#rows<{ writers: string; settled: string }>(queries.settledUpTo(range))
    return row === undefined || Number(row.writers) === 0 ? undefined : Number(row.settled)
  }

  endPatience(afterMs: number): void {
    this.#engine.endPatience(afterMs)
  }

  close(): Promise<void> {
    return this.#engine.close()
  }

  #rows<R extends Row>(statement: queries.Statement, signal?: AbortSignal): Promise<readonly R[]> {
    return this.#engine.rows<R>(statement.sql, statement.params, signal)
  }
}

/** As many values at once as a statement can hold. */
function* inParts(values: readonly string[]): Generator<readonly string[]> {
  let part: string[] = []
  let bytes = 0
  for (const value of values) {
    const more = Buffer.byteLength(value) + 2
    if (part.length === KNOWN_A_QUERY || (part.length > 0 && bytes + more > KNOWN_BYTES_A_QUERY)) {
      yield part
      part = []
      bytes = 0
    }
    part.push(value)
    bytes += more
  }
  if (part.length > 0) yield part
}

/** Names this attempt's rows: another batch under the same number has another salt, and is not taken for a repetition. */
function tokenOf(batch: BatchHead): string {
  return createHash('sha256')
    .update(JSON.stringify([batch.writer, batch.sequence, batch.salt, batch.received]))
    .digest('hex')
}

function eventOf(row: queries.EventRow): StoredEvent {
  return {
    id: row.id,
    scope: row.scope,
    source: row.source,
    parser: row.parser,
    observed: Number(row.observedMs),
    received: Number(row.receivedMs),
    writer: row.writer,
    sequence: Number(row.sequence),
    index: row.ix,
    doc: JSON.parse(row.doc) as JsonObject,
  }
}

function batchesOf(rows: readonly (queries.EventRow & { salt: string })[]): readonly StoredBatch[] {
  const bySequence = Map.groupBy(rows, (row) => Number(row.sequence))
  return [...bySequence].map(([sequence, events]) => {
    const { writer, receivedMs, salt } = events[0]!
    const salts = events.flatMap((row) => ownSalt(row.salt) ?? [])
    return {
      writer,
      sequence,
      received: Number(receivedMs),
      ...(salts.length === 0 ? { salt } : { salt: '', salts }),
      events: events.map(eventOf),
      json: events.map((row) => row.doc),
    }
  })
}
