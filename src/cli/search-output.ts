import { getPath, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { csvHead, csvLine } from '../platform/csv.ts'
import { columnsOf, plain } from './terminal-text.ts'

export const SEARCH_FORMATS = ['table', 'ndjson', 'csv'] as const
export type SearchFormat = (typeof SEARCH_FORMATS)[number]

export interface FoundEvent {
  readonly id: string
  /** RFC 3339. */
  readonly observed: string
  readonly source: string
  readonly parser: string
  readonly doc: JsonObject
}

const TABLE_FIELDS: readonly string[] = ['@timestamp', 'host.name', 'user.name', 'event.action', 'message']
const CSV_FIELDS: readonly string[] = ['@timestamp', 'event.id', 'kanpeki.source', ...TABLE_FIELDS.slice(1), 'source.ip']
const NARROWEST = 8
const GAP = '  '

/** Writes events as they come; nothing of them stays in memory. */
export interface SearchOutput {
  head(): string
  lines(events: readonly FoundEvent[]): string
}

/** @param width of the terminal in columns, for a table. */
export function searchOutput(format: SearchFormat, fields: readonly string[] | undefined, width: number): SearchOutput {
  switch (format) {
    case 'ndjson':
      return {
        head: () => '',
        lines: (events) =>
          events.map((event) => `${JSON.stringify(fields === undefined ? event.doc : picked(event, fields))}\n`).join(''),
      }
    case 'csv': {
      const columns = fields ?? CSV_FIELDS
      return {
        head: () => csvHead(columns),
        lines: (events) => events.map((event) => csvLine(columns.map((field) => text(event, field)))).join(''),
      }
    }
    case 'table':
      return table(fields ?? TABLE_FIELDS, width)
  }
}

/** Widths are set by the first page; the last column takes what is left of the line. */
function table(fields: readonly string[], width: number): SearchOutput {
  let widths: readonly number[] | undefined
  return {
    head: () => '',
    lines(events) {
      const rows = events.map((event) => fields.map((field) => plain(text(event, field))))
      const first = widths === undefined
      widths ??= widthsOf([fields, ...rows], width)
      const all = first && events.length > 0 ? [fields, ...rows] : rows
      return all
        .map((row) => `${row.map((cell, at) => fitted(cell, widths![at]!, at === fields.length - 1)).join(GAP)}\n`)
        .join('')
    },
  }
}

function widthsOf(rows: readonly (readonly string[])[], width: number): readonly number[] {
  const columns = rows[0]!.length
  const wanted = Array.from({ length: columns }, (_, at) => rows.reduce((most, row) => Math.max(most, columnsOf(row[at]!)), 0))
  // A long column leaves the others a fair share of the line.
  const share = Math.max(NARROWEST, Math.floor(width / columns) + 6)
  const kept = wanted.map((most, at) => (at === columns - 1 ? most : Math.min(most, Math.max(share, at === 0 ? 24 : 0))))
  const before = kept.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0)
  return kept.map((most, at) => (at === columns - 1 ? Math.max(NARROWEST, width - before) : most))
}

function fitted(cell: string, width: number, last: boolean): string {
  let used = 0
  let kept = ''
  for (const sign of cell) {
    const own = columnsOf(sign)
    if (used + own > width - (columnsOf(cell) > width ? 1 : 0))
      return `${kept}…${' '.repeat(last ? 0 : Math.max(0, width - used - 1))}`
    kept += sign
    used += own
  }
  return last ? kept : kept + ' '.repeat(width - used)
}

function picked(event: FoundEvent, fields: readonly string[]): JsonObject {
  return Object.fromEntries(fields.map((field) => [field, fieldOf(event, field) ?? null]))
}

function fieldOf({ id, observed, source, parser, doc }: FoundEvent, field: string): JsonValue | undefined {
  const own: Readonly<Record<string, string>> = {
    '@timestamp': observed,
    'event.id': id,
    'kanpeki.source': source,
    'kanpeki.parser': parser,
  }
  return own[field] ?? getPath(doc, field)
}

function text(event: FoundEvent, field: string): string {
  const value = fieldOf(event, field)
  if (value === undefined || value === null) return ''
  if (Array.isArray(value) && value.every((item: JsonValue) => typeof item === 'string')) return value.join('; ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
