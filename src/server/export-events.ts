import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { StoredEvent } from '../kernel/event.ts'
import { getPath, isJsonObject, type JsonValue } from '../kernel/json.ts'
import { csvHead, csvLine } from '../platform/csv.ts'
import type { Lake, SearchRequest, TimeRange } from '../platform/lake/lake.ts'
import { withFixedTimes } from '../platform/lake/query/fixed-times.ts'
import { type Slice, slicesOf, walkEvents } from '../platform/lake/walk.ts'
import type { ExportFormat } from './schema.ts'

export interface ExportDeps {
  readonly lake: Pick<Lake, 'search' | 'histogram' | 'writeParquet'>
  /** For Parquet files on their way; emptied at the start. */
  readonly folder: string
  readonly clock?: Clock
}

export interface Export {
  readonly contentType: string
  /** How many events fit, and how many of them are given: the oldest. */
  readonly total: number
  readonly given: number
  readonly bytes: AsyncIterable<string | Uint8Array>
}

/** Columns of a CSV where none are named. */
export const CSV_FIELDS: readonly string[] = [
  '@timestamp',
  'event.id',
  'kanpeki.source',
  'kanpeki.parser',
  'event.category',
  'event.action',
  'event.outcome',
  'event.code',
  'host.name',
  'user.name',
  'source.ip',
  'destination.ip',
  'process.name',
  'process.command_line',
  'message',
]

const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
}
/** Exports that may run at once: each scans the lake. */
const MOST_AT_ONCE = 2

/** Makes exports of searches: streamed, oldest first, a few at once. */
export function createExports({ lake, folder, clock = systemClock }: ExportDeps) {
  let running = 0
  const emptied = rm(folder, { recursive: true, force: true })

  /**
   * Resolves once it is known how much there is; the bytes follow. `request.signal` ends it at any point.
   * @throws KanpekiError `too_many_requests`, `query_*`.
   */
  async function make(
    asked: SearchRequest,
    format: ExportFormat,
    limit: number,
    fields: readonly string[] = CSV_FIELDS,
  ): Promise<Export> {
    if (running >= MOST_AT_ONCE)
      throw new KanpekiError('too_many_requests', `${MOST_AT_ONCE} exports run already.`, {
        remedy: 'Try again when one of them is done.',
        retryAfter: 10,
      })
    running += 1
    // The pages of an export are asked for one after the other.
    const request: SearchRequest = { ...asked, query: withFixedTimes(asked.query, clock.now()) }
    let over = false
    const end = (): void => {
      if (!over) running -= 1
      over = true
    }
    // A reader that leaves before the first byte never starts the stream, which then has no end to clean up at.
    request.signal?.addEventListener('abort', end, { once: true })
    try {
      const slices = await slicesOf(lake, request)
      const total = slices.reduce((sum, { count }) => sum + count, 0)
      const given = Math.min(total, limit)
      const chunks: AsyncIterable<string | Uint8Array> =
        format === 'parquet' ? parquet(request, slices, given) : texts(request, slices, given, format, fields)
      return { contentType: CONTENT_TYPES[format], total, given, bytes: ending(chunks, end) }
    } catch (error) {
      end()
      throw error
    }
  }

  async function* texts(
    request: SearchRequest,
    slices: readonly Slice[],
    given: number,
    format: 'ndjson' | 'csv',
    fields: readonly string[],
  ): AsyncGenerator<string> {
    if (format === 'csv') yield csvHead(fields)
    let left = given
    for await (const page of walkEvents(lake, request, slices)) {
      const taken = page.slice(0, left)
      left -= taken.length
      yield taken.map(format === 'csv' ? (event) => csvRow(event, fields) : jsonLine).join('')
      if (left === 0) return
    }
  }

  async function* parquet(
    { scope, query, signal }: SearchRequest,
    slices: readonly Slice[],
    given: number,
  ): AsyncGenerator<Uint8Array> {
    await emptied
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, `${randomUUID()}.parquet`)
    const range = rangeOf(slices, given)
    try {
      await lake.writeParquet({ scope, query, range, ...(signal === undefined ? {} : { signal }) }, given, path)
      yield* createReadStream(path)
    } finally {
      await rm(path, { force: true })
    }
  }

  return make
}

async function* ending<T>(chunks: AsyncIterable<T>, end: () => void): AsyncGenerator<T> {
  try {
    yield* chunks
  } finally {
    end()
  }
}

/** The shortest span from the beginning that holds as many events. */
function rangeOf(slices: readonly Slice[], given: number): TimeRange {
  let sum = 0
  let to = 0
  for (const slice of slices) {
    if (sum >= given) break
    sum += slice.count
    to = slice.to
  }
  return { from: slices[0]?.from ?? 0, to }
}

function jsonLine({ doc, source, parser }: StoredEvent): string {
  const own = doc['kanpeki']
  return `${JSON.stringify({ ...doc, kanpeki: { ...(isJsonObject(own) ? own : {}), source, parser } })}\n`
}

/** What is about the event rather than in its document. */
const ROW: Readonly<Record<string, (event: StoredEvent) => string>> = {
  '@timestamp': (event) => new Date(event.observed).toISOString(),
  'event.id': (event) => event.id,
  'kanpeki.source': (event) => event.source,
  'kanpeki.parser': (event) => event.parser,
  'kanpeki.scope': (event) => event.scope,
}

function csvRow(event: StoredEvent, fields: readonly string[]): string {
  return csvLine(fields.map((field) => ROW[field]?.(event) ?? cell(getPath(event.doc, field))))
}

/** Several values are put side by side; an object is JSON. */
function cell(value: JsonValue | undefined): string | number {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string' || typeof value === 'number') return value
  if (Array.isArray(value) && value.every((item: JsonValue) => typeof item === 'string')) return value.join('; ')
  return JSON.stringify(value)
}
