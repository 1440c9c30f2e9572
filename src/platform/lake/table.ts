import { KanpekiError } from '../../kernel/error.ts'

/**
 * `keyword` compares whole values, `text` looks inside them, `ip` also knows networks, `number` compares as number,
 * `list` is a keyword of which an event has several.
 */
export type ColumnKind = 'keyword' | 'text' | 'ip' | 'number' | 'list'

export interface HotColumn {
  readonly column: string
  /** Dotted ECS path. */
  readonly field: string
  readonly kind: ColumnKind
  /** Few different values: kept as a dictionary. */
  readonly few: boolean
}

const few = (field: string, kind: ColumnKind = 'keyword') => hot(field, kind, true)
const many = (field: string, kind: ColumnKind = 'keyword') => hot(field, kind, false)

function hot(field: string, kind: ColumnKind, isFew: boolean): HotColumn {
  return { column: field.replaceAll('.', '_'), field, kind, few: isFew }
}

/** The ECS fields that have a typed column of their own; every other field is read out of the document. */
export const HOT_COLUMNS: readonly HotColumn[] = [
  few('event.code'),
  few('event.action'),
  few('event.category', 'list'),
  few('event.type', 'list'),
  few('event.outcome'),
  few('event.provider'),
  few('event.dataset'),
  few('host.name'),
  few('user.name'),
  few('user.domain'),
  few('service.name'),
  few('log.level'),
  few('winlog.channel'),
  many('source.ip', 'ip'),
  many('destination.ip', 'ip'),
  many('source.port', 'number'),
  many('destination.port', 'number'),
  few('process.name'),
  few('process.executable'),
  few('process.parent.name'),
  many('process.command_line', 'text'),
  many('file.path'),
  many('registry.path'),
  many('dns.question.name'),
  many('url.path'),
  few('http.request.method'),
  many('http.response.status_code', 'number'),
]

const SQL_TYPES: Readonly<Record<ColumnKind, readonly [many: string, few: string]>> = {
  keyword: ['String', 'LowCardinality(String)'],
  text: ['String', 'String'],
  ip: ['String', 'String'],
  number: ['Nullable(UInt32)', 'Nullable(UInt32)'],
  list: ['Array(String)', 'Array(LowCardinality(String))'],
}

const HIGHEST_UINT32 = 4_294_967_295

/** Whether a column of numbers can hold it. */
export function isUint32(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= HIGHEST_UINT32
}

function typeOf({ kind, few: isFew }: HotColumn): string {
  return SQL_TYPES[kind][isFew ? 1 : 0]
}

/** A column of the rows that are sent, with its type on the way: dictionaries are made by the engine. */
export interface SentColumn {
  readonly name: string
  readonly type: string
}

/** What is sent for each row, in this order (see encode.ts). */
export const SENT_COLUMNS: readonly SentColumn[] = [
  { name: 'ix', type: 'UInt32' },
  { name: 'id', type: 'String' },
  { name: 'scope', type: 'String' },
  { name: 'source', type: 'String' },
  { name: 'parser', type: 'String' },
  { name: 'observed', type: "DateTime64(3, 'UTC')" },
  { name: 'request', type: 'String' },
  ...HOT_COLUMNS.map(({ column, kind }) => ({ name: column, type: SQL_TYPES[kind][0] })),
  { name: 'irregular', type: 'String' },
  { name: 'doc', type: 'String' },
]

/** What a sealed hour holds: all but what can be computed from the document. */
export const SEALED_COLUMNS: readonly string[] = [
  'writer',
  'sequence',
  'ix',
  'id',
  'scope',
  'source',
  'parser',
  'received',
  'observed',
  'request',
  'salt',
  'doc',
]

/**
 * The first make an insert and each later merge durable before it counts, and make the engine recognise an insert that is
 * tried again (`insert_deduplication_token`). Fresh parts keep all columns in one file: each file of a part is made, named
 * and synced by itself, and there are a hundred of them otherwise. The next keep the memory of a merge in bounds. The last:
 * a merge takes a dozen parts of a size and not five, and makes none beyond a quarter of a gigabyte, so that each row is written
 * anew less often and little lies beside its parts; and what was merged goes soon, since what it was merged to is durable by then; what is counted by the minute is counted by merges, for the files
 * that it takes would make each insert slower. A merge holds some granules of each of its parts at once: with the usual ten
 * megabytes in each, two dozen parts of large documents were more than the engine may use, and were tried again for ever.
 */
export const TABLE_SETTINGS: Readonly<Record<string, number>> = {
  fsync_after_insert: 1,
  fsync_part_directory: 1,
  min_rows_to_fsync_after_merge: 1,
  min_compressed_bytes_to_fsync_after_merge: 1,
  non_replicated_deduplication_window: 1000,
  min_level_for_wide_part: 1,
  min_bytes_for_wide_part: 200_000_000,
  merge_max_block_size: 8192,
  merge_max_block_size_bytes: 16_000_000,
  index_granularity_bytes: 2_000_000,
  max_parts_to_merge_at_once: 16,
  vertical_merge_algorithm_min_rows_to_activate: 1,
  min_columns_to_activate_adaptive_write_buffer: 1,
  merge_selector_base: 12,
  max_bytes_to_merge_at_max_space_in_pool: 268_435_456,
  old_parts_lifetime: 5,
  materialize_projections_on_insert: 0,
  materialize_projections_on_merge: 1,
}

/**
 * Documents repeat each other far beyond the engine's usual blocks of a megabyte: with blocks of four, and a stronger search
 * for repetitions that costs next to nothing beside them, they take a quarter less.
 */
export const DOC_COLUMN =
  'doc String CODEC(ZSTD(3)) SETTINGS (min_compress_block_size = 4194304, max_compress_block_size = 4194304)'

/**
 * An insert of so many rows makes their index of words itself. That costs it some 18 ms and 4 to 27 µs a row, but then merges
 * need not hurry for the sake of searches, and rows are written anew less often.
 */
export const ROWS_TO_INDEX = 4_000

/** The minute since 1970 of an event's own time; a whole number, since the engine's own times of day end in 2106. */
export const MINUTE = 'intDiv(toUnixTimestamp64Milli(observed), 60000)'

/** Events by minute, so that a day's bars need not read each event's time; see histogram.ts. */
const BY_MINUTE = `PROJECTION by_minute (SELECT scope, ${MINUTE}, count() GROUP BY scope, ${MINUTE})`

/**
 * Rows lie in the order in which they were written, so that catching up and sealing read straight through; searches by
 * time are helped by `observed`'s range in each granule. `irregular` is a JSON object, by field, of values that their hot
 * column cannot hold (a list, an object); it is empty in nearly all rows, so that conditions on columns never read `doc`. Its
 * index tells where it is not: a condition on a hot column asks `irregular` too, and could leave out no granule without.
 */
export const CREATE_EVENTS = `CREATE TABLE IF NOT EXISTS events (
  writer LowCardinality(String),
  sequence UInt64,
  ix UInt32,
  id String CODEC(ZSTD(1)),
  scope LowCardinality(String),
  source LowCardinality(String),
  parser LowCardinality(String),
  received DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  observed DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  request String CODEC(ZSTD(1)),
  salt String CODEC(ZSTD(1)),
${HOT_COLUMNS.map((column) => `  ${column.column} ${typeOf(column)}${column.few ? '' : ' CODEC(ZSTD(1))'},`).join('\n')}
  irregular String CODEC(ZSTD(1)),
  ${DOC_COLUMN},
  INDEX observed_range observed TYPE minmax GRANULARITY 1,
  INDEX id_known id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX request_known request TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX host_known lower(host_name) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX user_known lower(user_name) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX source_ip_known lower(source_ip) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX destination_ip_known lower(destination_ip) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX doc_words doc TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(doc)),
  INDEX irregular_known irregular TYPE minmax GRANULARITY 1,
  ${BY_MINUTE}
) ENGINE = MergeTree
PARTITION BY toUnixTimestamp(toStartOfHour(received))
ORDER BY (writer, sequence, ix)
SETTINGS ${settingList(TABLE_SETTINGS)}`

export function settingList(settings: Readonly<Record<string, number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')
}

export const HOUR_MS = 3_600_000

/** The start of the received hour, which names the partition (as seconds). */
export function hourOf(received: number): number {
  return Math.floor(received / HOUR_MS) * HOUR_MS
}

export function partitionOf(hour: number): string {
  if (!Number.isSafeInteger(hour) || hour % HOUR_MS !== 0)
    throw new KanpekiError('lake_hour', `${hour} is not the start of an hour.`)
  return String(hour / 1000)
}
