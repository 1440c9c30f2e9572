import { KanpekiError } from '../../kernel/error.ts'
import type { BatchHead, LakeBatch, SearchPage, SearchRequest, TimeRange } from './lake.ts'
import type { ObservedSpan } from './newest-first.ts'
import type { Query } from './query/ast.ts'
import { compileQuery, valuesOf } from './query/compile.ts'
import { Params } from './query/params.ts'
import { HOT_COLUMNS, partitionOf, ROWS_TO_INDEX, SEALED_COLUMNS, SENT_COLUMNS } from './table.ts'

export interface Statement {
  readonly sql: string
  readonly params: Params
}

/**
 * A search may scan for this long, with half of the memory limit at most. Documents are large: they are read in small
 * blocks, and only for the rows that are given back.
 */
export const SEARCH_LIMITS =
  'max_execution_time = 30, max_block_size = 8192, preferred_max_column_in_block_size_bytes = 4000000, use_query_condition_cache = 0'
export const ms = (column: string) => `toUnixTimestamp64Milli(${column})`

/** Columns of a StoredEvent and its batch; the document as text. */
export const EVENT = `id, scope, source, parser, ${ms('observed')} AS observedMs, ${ms('received')} AS receivedMs, writer, sequence, ix, doc`

export interface EventRow {
  readonly [column: string]: unknown
  readonly id: string
  readonly scope: string
  readonly source: string
  readonly parser: string
  readonly observedMs: number | string
  readonly receivedMs: number | string
  readonly writer: string
  readonly sequence: number | string
  readonly ix: number
  readonly doc: string
}

const SENT_TYPES = SENT_COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ')

/**
 * One part, however many blocks come: all or nothing. `token` makes the engine drop an insert that is only tried again.
 * The index of words, which costs more than all else, is left to the merges where there are few rows: searches read what is
 * unmerged well enough.
 * @param file holds the rows (see encode.ts); without one they are sent beside the statement.
 */
export function insertEvents(
  batch: BatchHead & { readonly rows: Pick<LakeBatch['rows'], 'count'> },
  token: string,
  file?: string,
): Statement {
  const params = new Params()
  const settings = [
    `insert_deduplicate = 1`,
    `insert_deduplication_token = '${token}'`,
    ...(batch.rows.count < ROWS_TO_INDEX ? [`exclude_materialize_skip_indexes_on_insert = 'doc_words'`] : []),
    `max_threads = 1`,
    `max_insert_threads = 1`,
    `max_block_size = 10000000`,
    `max_insert_block_size = 10000000`,
    `min_insert_block_size_rows = 10000000`,
    `min_insert_block_size_bytes = 4000000000`,
  ]
  const names = SENT_COLUMNS.map(({ name }) => name).join(', ')
  const shared = [
    params.text(batch.writer),
    params.add('UInt64', batch.sequence),
    time(batch.received, params),
    params.text(batch.salt),
  ].join(', ')
  const types = `'${SENT_TYPES.replaceAll("'", "\\'")}'`
  const [source, format] =
    file === undefined ? [`input(${types})`, ' FORMAT Native'] : [`file(${params.text(file)}, 'Native', ${types})`, '']
  return {
    params,
    sql: `INSERT INTO events (writer, sequence, received, salt, ${names}) SETTINGS ${settings.join(', ')}
      SELECT ${shared}, ${names} FROM ${source}${format}`,
  }
}

export function storedOf(writer: string, sequence: number): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT toUInt32(count()) AS events, any(salt) AS theirs FROM events
      WHERE writer = ${params.text(writer)} AND sequence = ${params.add('UInt64', sequence)}`,
  }
}

export function lastSequence(writer: string): Statement {
  const params = new Params()
  return { params, sql: `SELECT toString(max(sequence)) AS last FROM events WHERE writer = ${params.text(writer)}` }
}

export function firstAfter(writer: string, sequence: number): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT toString(sequence) AS first FROM events
      WHERE writer = ${params.text(writer)} AND sequence > ${params.add('UInt64', sequence)} ORDER BY writer, sequence LIMIT 1`,
  }
}

export function batchSizes(writer: string, first: number, batches: number): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT toString(sequence) AS number, toUInt32(count()) AS events FROM events WHERE writer = ${params.text(writer)}
      AND sequence >= ${params.add('UInt64', first)} AND sequence < ${params.add('UInt64', first + batches)} GROUP BY sequence ORDER BY sequence`,
  }
}

export function eventsOfBatches(writer: string, first: number, last: number): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT ${EVENT}, salt FROM events WHERE writer = ${params.text(writer)}
      AND sequence >= ${params.add('UInt64', first)} AND sequence <= ${params.add('UInt64', last)} ORDER BY writer, sequence, ix`,
  }
}

export function known(column: 'request' | 'id', values: readonly string[], sinceMs: number): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT DISTINCT ${column} AS known FROM events
      WHERE ${column} IN ${params.add('Array(String)', values)} AND received >= ${time(sinceMs, params)}`,
  }
}

/** @param span narrows it further; see newest-first.ts. */
export function search(request: SearchPage, after: Cursor | undefined, now: number, span: ObservedSpan = {}): Statement {
  const params = new Params()
  const oldest = request.order === 'oldest'
  const place = '(observed, writer, sequence, ix)'
  const beyond =
    after === undefined
      ? ''
      : ` AND ${place} ${oldest ? '>' : '<'} (${time(after.observed, params)}, ${params.text(after.writer)}, ${params.add('UInt64', after.sequence)}, ${params.add('UInt32', after.index)})`
  const way = oldest ? 'ASC' : 'DESC'
  return {
    params,
    sql: `SELECT ${EVENT} FROM events WHERE ${inSpan(span, params)}${condition(request, params, now)}${beyond}
      ORDER BY observed ${way}, writer ${way}, sequence ${way}, ix ${way} LIMIT ${params.add('UInt32', request.limit)} SETTINGS ${SEARCH_LIMITS}`,
  }
}

function inSpan({ from, to }: ObservedSpan, params: Params): string {
  const ends = [
    from === undefined ? '' : `observed >= ${time(from, params)} AND `,
    to === undefined ? '' : `observed < ${time(to, params)} AND `,
  ]
  return ends.join('')
}

export function count(request: SearchRequest, now: number): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT toString(count()) AS events FROM events ${filter(request, params, now)} SETTINGS ${SEARCH_LIMITS}`,
  }
}

export function top(request: SearchRequest & { readonly field: string; readonly limit: number }, now: number): Statement {
  const params = new Params()
  const where = condition(request, params, now)
  return {
    params,
    sql: `SELECT arrayJoin(${valuesOf(request.field, params)}) AS value, toUInt64(count()) AS events FROM events WHERE ${where}
      GROUP BY value ORDER BY events DESC, value LIMIT ${params.add('UInt32', request.limit)} SETTINGS ${SEARCH_LIMITS}`,
  }
}

export function exportRows(request: SearchRequest, limit: number, now: number): Statement {
  const params = new Params()
  const fields = HOT_COLUMNS.map(({ column }) => column)
  return {
    params,
    sql: `SELECT id, observed, received, scope, source, parser, ${fields.join(', ')}, doc FROM events
      WHERE ${condition(request, params, now)} LIMIT ${params.add('UInt64', limit)}`,
  }
}

export function eventById(scope: string | undefined, id: string): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT ${EVENT} FROM events WHERE id = ${params.text(id)}${inScope(scope, params)} ORDER BY received DESC LIMIT 1`,
  }
}

export function eventsById(scope: string | undefined, ids: readonly string[]): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT ${EVENT} FROM events WHERE id IN ${params.add('Array(String)', ids)}${inScope(scope, params)}
      ORDER BY received DESC LIMIT 1 BY id`,
  }
}

/** `partition` is the hour's start in seconds. */
export const HOURS = `SELECT partition, toUInt64(sum(rows)) AS events, toUInt64(sum(bytes_on_disk)) AS bytes, toUInt64(sum(data_uncompressed_bytes)) AS rawBytes
  FROM system.parts WHERE active AND database = currentDatabase() AND table = 'events' GROUP BY partition ORDER BY toUInt64(partition)`

export function sources(sinceMs: number): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT source, scope, toUInt64(count()) AS events, toUInt64(countIf(parser = 'unknown')) AS unknown, ${ms('max(received)')} AS lastReceived
      FROM events WHERE received >= ${time(sinceMs, params)} GROUP BY source, scope ORDER BY source, scope`,
  }
}

export function settledUpTo({ from, to }: TimeRange): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT toString(count()) AS writers, toString(min(newest)) AS settled FROM (SELECT ${ms('argMax(received, sequence)')} AS newest
      FROM events WHERE received >= ${time(from, params)} AND received < ${time(to, params)} GROUP BY writer)`,
  }
}

/** Every column of an hour, in the order of truth. */
export function hourRows(hour: number): string {
  return `SELECT ${SEALED_COLUMNS.join(', ')} FROM events WHERE ${inHour(hour)} ORDER BY writer, sequence, ix`
}

export function hourBatches(hour: number): string {
  return `SELECT writer, toString(sequence) AS number, toUInt32(count()) AS events, ${ms('min(received)')} AS first, ${ms('max(received)')} AS last
    FROM events WHERE ${inHour(hour)} GROUP BY writer, sequence ORDER BY writer, sequence`
}

export function dropHour(hour: number): string {
  return `ALTER TABLE events DROP PARTITION ${partitionOf(hour)}`
}

export const CHECK_PARTS = 'CHECK TABLE events SETTINGS check_query_single_value_result = 0'

export const TABLE_FOLDER =
  "SELECT data_paths[1] AS path FROM system.tables WHERE database = currentDatabase() AND name = 'events'"

export function attachPart(part: string): string {
  return `ALTER TABLE events ATTACH PART '${partName(part)}'`
}

export function detachPart(part: string): string {
  return `ALTER TABLE events DETACH PART '${partName(part)}'`
}

function partName(part: string): string {
  if (/^\w+$/.test(part)) return part
  throw new KanpekiError('lake_refused', `${part} is no name of a part.`)
}

export function countedByHour(upto: ReadonlyMap<string, number>): Statement {
  const params = new Params()
  return {
    params,
    sql: `SELECT toUnixTimestamp(toStartOfHour(received)) AS hour, toString(count()) AS events FROM events
      WHERE ${upTo(upto, params)} GROUP BY hour ORDER BY hour`,
  }
}

/** Rows of batches up to these sequence numbers by writer. */
export function upTo(sequences: ReadonlyMap<string, number>, params: Params): string {
  const parts = [...sequences].map(
    ([writer, sequence]) => `(writer = ${params.text(writer)} AND sequence <= ${params.add('UInt64', sequence)})`,
  )
  return `(${parts.length === 0 ? '0' : parts.join(' OR ')})`
}

/** A place in a sealed file. */
export interface SealedPlace {
  readonly writer: string
  readonly sequence: string
  readonly index: number
}

const SEALED_EVENT = `writer, toString(sequence) AS number, ix, id, scope, source, parser, toString(${ms('observed')}) AS observedMs, request, doc`

/** The next rows of a sealed file, in the order of truth. */
export function sealedRows(file: string, after: SealedPlace | undefined, limit: number): Statement {
  const params = new Params()
  return { params, sql: `SELECT ${SEALED_EVENT} FROM ${sealedAfter(file, after, params)} LIMIT ${params.add('UInt64', limit)}` }
}

/** Inserts those rows: what was computed of them from `native`, and what a batch's rows share from the sealed file itself. */
export function refillEvents(native: string, file: string, after: SealedPlace | undefined, limit: number): Statement {
  const params = new Params()
  const names = SENT_COLUMNS.map(({ name }) => name).filter((name) => name !== 'ix')
  const types = `'${SENT_TYPES.replaceAll("'", "\\'")}'`
  const shared = `SELECT writer, sequence, ix, received, salt, toUInt32(rowNumberInAllBlocks()) AS place
    FROM (SELECT writer, sequence, ix, received, salt FROM ${sealedAfter(file, after, params)} LIMIT ${params.add('UInt64', limit)})`
  return {
    params,
    sql: `INSERT INTO events (writer, sequence, received, salt, ix, ${names.join(', ')})
      SELECT s.writer, s.sequence, s.received, s.salt, s.ix, ${names.map((name) => `n.${name}`).join(', ')}
      FROM file(${params.text(native)}, 'Native', ${types}) AS n INNER JOIN (${shared}) AS s ON n.ix = s.place
      SETTINGS max_threads = 1, max_insert_threads = 1, min_insert_block_size_rows = 10000000, min_insert_block_size_bytes = 4000000000`,
  }
}

function sealedAfter(file: string, after: SealedPlace | undefined, params: Params): string {
  const source = `file(${params.text(file)}, 'Parquet')`
  const beyond =
    after === undefined
      ? ''
      : ` WHERE (writer, sequence, ix) > (${params.text(after.writer)}, ${params.add('UInt64', after.sequence)}, ${params.add('UInt32', after.index)})`
  return `${source}${beyond} ORDER BY writer, sequence, ix`
}

export function inHour(hour: number): string {
  const from = Number(partitionOf(hour)) * 1000
  return `received >= fromUnixTimestamp64Milli(toInt64(${from}), 'UTC') AND received < fromUnixTimestamp64Milli(toInt64(${from + 3_600_000}), 'UTC')`
}

export function condition(request: SearchRequest, params: Params, now: number): string {
  return `${inRange(request, params)}${compileQuery(request.query, { params, now })}${inScope(request.scope, params)}`
}

const READS_DOCUMENT = /\bdoc\b/

/**
 * The condition with its word before it. Where a query asks for columns and for what only documents say, the columns are looked
 * at first: the engine would read the document of every row of the range, and take it apart.
 */
function filter(request: SearchRequest, params: Params, now: number): string {
  const parts = required(request.query).map((part) => compileQuery(part, { params, now }))
  const times = inRange(request, params)
  const scope = inScope(request.scope, params)
  const [ofDocuments, ofColumns] = [
    parts.filter((part) => READS_DOCUMENT.test(part)),
    parts.filter((part) => !READS_DOCUMENT.test(part)),
  ]
  return ofDocuments.length === 0 || ofColumns.length === 0
    ? `WHERE ${times}${parts.join(' AND ')}${scope}`
    : `PREWHERE ${times}${ofColumns.join(' AND ')}${scope} WHERE ${ofDocuments.join(' AND ')}`
}

/** What must hold of an event, each by itself. */
function required(query: Query): readonly Query[] {
  return query.kind === 'and' && query.parts.length > 0 ? query.parts.flatMap(required) : [query]
}

function inRange({ range }: SearchRequest, params: Params): string {
  const column = range?.by ?? 'observed'
  return range === undefined ? '' : `${column} >= ${time(range.from, params)} AND ${column} < ${time(range.to, params)} AND `
}

export function inScope(scope: string | undefined, params: Params): string {
  return scope === undefined ? '' : ` AND scope = ${params.text(scope)}`
}

export function time(at: number, params: Params): string {
  return `fromUnixTimestamp64Milli(${params.add('Int64', Math.trunc(at))}, 'UTC')`
}

/** The place after which the next page begins. */
export interface Cursor {
  readonly observed: number
  readonly writer: string
  readonly sequence: number
  readonly index: number
  /** What `now` is to the query on every page; undefined in markers of before. */
  readonly now: number | undefined
}

export function writeCursor(row: EventRow, now: number): string {
  const place = [Number(row.observedMs), row.writer, Number(row.sequence), row.ix, now]
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** @throws KanpekiError `query_cursor` for a text that is not a cursor of this lake. */
export function readCursor(text: string): Cursor {
  try {
    const [observed, writer, sequence, index, now] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]
    if (
      Number.isSafeInteger(observed) &&
      typeof writer === 'string' &&
      Number.isSafeInteger(sequence) &&
      Number.isSafeInteger(index) &&
      (now === undefined || Number.isSafeInteger(now))
    )
      return {
        observed: observed as number,
        writer,
        sequence: sequence as number,
        index: index as number,
        now: now as number | undefined,
      }
  } catch {
    // Falls through to the refusal.
  }
  throw new KanpekiError('query_cursor', 'The page marker cannot be read.', { remedy: 'Start again from the first page.' })
}
