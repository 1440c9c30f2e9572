import { getPath, type JsonValue } from '../../kernel/json.ts'
import type { LakeBatch, LakeEvent } from './lake.ts'
import { HOT_COLUMNS, type HotColumn } from './table.ts'

/** What DateTime64(3) can hold, 1900 to 2299; a stranger time stays readable in the document's `@timestamp`. */
const EARLIEST = Date.UTC(1900, 0, 1)
const LATEST = Date.UTC(2299, 11, 31)
const HIGHEST_UINT32 = 4_294_967_295

type Cell = string | number | null | readonly string[]

/**
 * A batch as the body of an insert, one JSON array a line in the order of INSERT_COLUMNS. Of the formats that the
 * embedded engine takes as inserted data this was the fastest; binary ones end at the first empty line inside a value.
 */
export function encodeBatch(batch: LakeBatch): Buffer {
  const received = timeText(batch.received)
  const lines = batch.events.map((event, index) => JSON.stringify(row(batch, received, event, index)))
  lines.push('')
  return Buffer.from(lines.join('\n'))
}

function row(batch: LakeBatch, received: string, event: LakeEvent, index: number): Cell[] {
  const cells: Cell[] = [
    batch.writer,
    batch.sequence,
    index,
    event.id,
    event.scope,
    event.source,
    event.parser,
    received,
    timeText(event.observed),
    event.request,
    batch.salt,
  ]
  const irregular: Record<string, JsonValue> = {}
  for (const column of HOT_COLUMNS) {
    const value = getPath(event.doc, column.field)
    const cell = cellOf(column, value)
    if (cell === undefined && value !== undefined) irregular[column.field] = value
    cells.push(cell ?? emptyCell(column))
  }
  cells.push(Object.keys(irregular).length === 0 ? '' : JSON.stringify(irregular), event.json)
  return cells
}

/** The column's value, or undefined if the document's does not fit into it. */
function cellOf(column: HotColumn, value: JsonValue | undefined): Cell | undefined {
  if (value === undefined || value === null) return emptyCell(column)
  if (column.kind === 'list') return listCell(value)
  if (typeof value === 'object') return undefined
  if (column.kind !== 'number') return String(value)
  const number = typeof value === 'string' ? Number(value) : value
  const fits = typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= HIGHEST_UINT32 && value !== ''
  return fits ? number : undefined
}

function listCell(value: JsonValue): readonly string[] | undefined {
  const values = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  return values.every((item) => item !== null && typeof item !== 'object') ? values.map(String) : undefined
}

function emptyCell({ kind }: HotColumn): Cell {
  return kind === 'list' ? [] : kind === 'number' ? null : ''
}

/** Written out: the engine takes a short number of seconds for a date. */
function timeText(ms: number): string {
  return new Date(Math.min(Math.max(Math.trunc(ms), EARLIEST), LATEST)).toISOString().slice(0, 23).replace('T', ' ')
}
