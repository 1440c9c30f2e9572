import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { ColumnRoom, sharedRoom } from './column-room.ts'
import type { LakeEvent, LakeRows } from './lake.ts'
import { HOT_COLUMNS, type HotColumn, isUint32, SENT_COLUMNS } from './table.ts'

/** What DateTime64(3) can hold, 1900 to 2299; a stranger time stays readable in the document's `@timestamp`. */
const EARLIEST = Date.UTC(1900, 0, 1)
const LATEST = Date.UTC(2299, 11, 31)

const HOT = HOT_COLUMNS.map((column, at) => {
  const [top, ...below] = column.field.split('.')
  return { column, at, top: top!, below }
})
/** By the first member of their fields: a document has few of all. */
const BRANCHES = [...Map.groupBy(HOT, ({ top }) => top)].map(([top, columns]) => ({ top, columns }))
const [IX, ID, SCOPE, SOURCE, PARSER, OBSERVED, REQUEST] = [0, 1, 2, 3, 4, 5, 6] as const
const FIRST_HOT = REQUEST + 1
const IRREGULAR = FIRST_HOT + HOT.length
const DOC = IRREGULAR + 1

/**
 * Rows on their way into the lake, as one block of ClickHouse's Native format: column by column, so that the engine takes
 * them as they are. What all rows of a batch share (writer, sequence, received, salt) is said by the statement instead.
 * https://clickhouse.com/docs/interfaces/formats/Native
 */
export class RowBlock implements LakeRows {
  readonly #columns = SENT_COLUMNS.map(({ type }, at) => new ColumnRoom(type, at === DOC ? sharedRoom : undefined))
  #rows = 0

  get count(): number {
    return this.#rows
  }

  /** Column by column, so that one column's code and room are at hand for all of them. */
  add(events: readonly LakeEvent[]): readonly Uint8Array[] {
    const columns = this.#columns
    for (let n = 0; n < events.length; n++) {
      const { id, scope, source, parser, observed, request } = events[n]!
      columns[IX]!.uint32(this.#rows + n)
      columns[ID]!.text(id)
      columns[SCOPE]!.text(scope)
      columns[SOURCE]!.text(source)
      columns[PARSER]!.text(parser)
      columns[OBSERVED]!.int64(Math.min(Math.max(Math.trunc(observed), EARLIEST), LATEST))
      columns[REQUEST]!.text(request)
    }
    this.#rows += events.length
    const irregular = this.#addHot(events)
    for (let n = 0; n < events.length; n++) {
      const strange = irregular[n]
      if (strange === undefined) columns[IRREGULAR]!.empty()
      else columns[IRREGULAR]!.text(JSON.stringify(strange))
    }
    return events.map(({ json }) => columns[DOC]!.longText(json))
  }

  /** @returns by event, what its columns cannot hold. */
  #addHot(events: readonly LakeEvent[]): readonly (JsonObject | undefined)[] {
    const irregular: (Record<string, JsonValue> | undefined)[] = events.map(() => undefined)
    const dotted = events.map(({ doc }) => (hasDottedName(doc) ? doc : undefined))
    for (const { top, columns } of BRANCHES) {
      const under = events.map(({ doc }) => doc[top])
      for (const { column, at, below } of columns) {
        const room = this.#columns[FIRST_HOT + at]!
        for (let n = 0; n < events.length; n++) {
          const direct = dotted[n]?.[column.field]
          const value = direct === undefined ? read(under[n], below) : direct
          if (value === undefined || value === null) room.empty()
          else if (!put(room, column, value)) {
            room.empty()
            irregular[n] = { ...irregular[n], [column.field]: value }
          }
        }
      }
    }
    return irregular
  }

  documents(): Uint8Array {
    return this.#columns[DOC]!.bytes()
  }

  /** The block's bytes in order. Valid until `clear`. */
  bytes(): readonly Uint8Array[] {
    const head = new ColumnRoom('String')
    head.varint(this.#columns.length)
    head.varint(this.#rows)
    const parts: Uint8Array[] = [head.bytes()]
    for (const [at, { name, type }] of SENT_COLUMNS.entries()) {
      const title = new ColumnRoom('String')
      title.text(name)
      title.text(type)
      parts.push(title.bytes(), ...this.#columns[at]!.parts())
    }
    return parts
  }

  /** Forgets the rows and keeps the room. */
  clear(): void {
    for (const column of this.#columns) column.clear()
    this.#rows = 0
  }
}

export function newRows(): LakeRows {
  return new RowBlock()
}

export function rowsOf(events: readonly LakeEvent[]): LakeRows {
  const rows = new RowBlock()
  rows.add(events)
  return rows
}

/** A name that itself holds dots wins over the nested way, as in the kernel's `getPath`; hardly any document has one. */
function hasDottedName(doc: JsonObject): boolean {
  for (const name in doc) if (name.includes('.')) return true
  return false
}

function read(from: JsonValue | undefined, way: readonly string[]): JsonValue | undefined {
  let here = from
  for (let at = 0; at < way.length; at++) {
    if (!isJsonObject(here)) return undefined
    here = here[way[at]!]
  }
  return here
}

/** False if the column cannot hold the value. */
function put(room: ColumnRoom, { kind }: HotColumn, value: JsonValue): boolean {
  if (kind === 'list') return putList(room, value)
  if (typeof value === 'object') return false
  if (kind !== 'number') {
    room.text(String(value))
    return true
  }
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  const fits = typeof number === 'number' && isUint32(number)
  if (fits) room.uint32(number)
  return fits
}

function putList(room: ColumnRoom, value: JsonValue): boolean {
  const values = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  for (const item of values) if (item === null || typeof item === 'object') return false
  room.list(values)
  return true
}
