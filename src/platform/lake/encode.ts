import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import type { LakeBatch, LakeEvent } from './lake.ts'
import { HOT_COLUMNS, type HotColumn } from './table.ts'

/** What DateTime64(3) can hold, 1900 to 2299; a stranger time stays readable in the document's `@timestamp`. */
const EARLIEST = Date.UTC(1900, 0, 1)
const LATEST = Date.UTC(2299, 11, 31)
const HIGHEST_UINT32 = 4_294_967_295

/** UTF-8 takes at most three bytes for each UTF-16 unit. */
const MOST_BYTES_A_UNIT = 3
/** Of a row beside its document, in the estimate of a body's size. */
const ROW_BYTES = 1024

const READERS = HOT_COLUMNS.map((column) => ({ column, parts: column.field.split('.') }))

/**
 * A batch as the body of an insert, in ClickHouse's TabSeparated format, columns in the order of INSERT_COLUMNS. Of the
 * formats that the embedded engine takes as inserted data this one costs both sides least: a document's quotation marks
 * stay as they are. Binary formats end at the first empty line inside a value; here a line end inside a value is escaped.
 * @param room written over if it is large enough: a new one of some megabytes for each batch costs more than the copying.
 */
export function encodeBatch(batch: LakeBatch, room?: Buffer): Buffer {
  const expected = batch.events.reduce((sum, { json }) => sum + json.length + (json.length >> 2) + ROW_BYTES, 0)
  const body = new Growing(room !== undefined && room.length >= expected ? room : Buffer.allocUnsafeSlow(expected))
  const before = `${escaped(batch.writer)}\t${batch.sequence}\t`
  const received = timeText(batch.received)
  const salt = escaped(batch.salt)
  for (const [index, event] of batch.events.entries()) {
    body.write(before + row(event, index, received, salt))
    // A document is JSON: of the signs to escape only the backslash can stand in it.
    body.write(event.json.replaceAll('\\', '\\\\'))
    body.write('\n')
  }
  return body.bytes()
}

/** A row after its batch's columns and up to its document. */
function row(event: LakeEvent, index: number, received: string, salt: string): string {
  const { id, scope, source, parser, observed, request, doc } = event
  let text = `${index}\t${escaped(id)}\t${escaped(scope)}\t${escaped(source)}\t${escaped(parser)}\t${received}\t${timeText(observed)}\t${escaped(request)}\t${salt}\t`
  let irregular: Record<string, JsonValue> | undefined
  for (const { column, parts } of READERS) {
    const value = read(doc, column.field, parts)
    let cell = value === undefined ? emptyCell(column) : cellOf(column, value)
    if (cell === undefined && value !== undefined) {
      irregular ??= {}
      irregular[column.field] = value
      cell = emptyCell(column)
    }
    text += `${cell}\t`
  }
  return irregular === undefined ? `${text}\t` : `${text}${escaped(JSON.stringify(irregular))}\t`
}

/** As `getPath` reads it, without taking the path apart each time. */
function read(doc: JsonObject, field: string, parts: readonly string[]): JsonValue | undefined {
  const direct = doc[field]
  if (direct !== undefined) return direct
  let here: JsonValue | undefined = doc
  for (const part of parts) {
    if (!isJsonObject(here)) return undefined
    here = here[part]
  }
  return here
}

/** The column's value as text, or undefined if the document's does not fit into it. */
function cellOf(column: HotColumn, value: JsonValue): string | undefined {
  if (value === null) return emptyCell(column)
  if (column.kind === 'list') return listCell(value)
  if (typeof value === 'object') return undefined
  if (column.kind !== 'number') return escaped(String(value))
  const number = typeof value === 'string' ? Number(value) : value
  const fits = typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= HIGHEST_UINT32 && value !== ''
  return fits ? String(number) : undefined
}

function listCell(value: JsonValue): string | undefined {
  const values = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  if (values.some((item) => item === null || typeof item === 'object')) return undefined
  return `[${values.map((item) => `'${escaped(String(item)).replaceAll("'", "\\'")}'`).join(',')}]`
}

function emptyCell({ kind }: HotColumn): string {
  return kind === 'list' ? '[]' : kind === 'number' ? '\\N' : ''
}

/** Exactly these signs mean something to the format. */
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' }
const SPECIAL = /[\\\t\n\r\0]/

function escaped(text: string): string {
  return SPECIAL.test(text) ? text.replaceAll(/[\\\t\n\r\0]/g, (sign) => ESCAPES[sign]!) : text
}

/** Written out: the engine takes a short number of seconds for a date. */
function timeText(ms: number): string {
  return new Date(Math.min(Math.max(Math.trunc(ms), EARLIEST), LATEST)).toISOString().slice(0, 23).replace('T', ' ')
}

/** Text written straight into one buffer: joining the rows first would copy each of them twice more. */
class Growing {
  #room: Buffer
  #used = 0

  constructor(room: Buffer) {
    this.#room = room
  }

  write(text: string): void {
    const needed = this.#used + text.length * MOST_BYTES_A_UNIT
    if (needed > this.#room.length) {
      const room = Buffer.allocUnsafeSlow(Math.max(needed, this.#room.length * 2))
      this.#room.copy(room, 0, 0, this.#used)
      this.#room = room
    }
    this.#used += this.#room.write(text, this.#used)
  }

  bytes(): Buffer {
    return this.#room.subarray(0, this.#used)
  }
}
