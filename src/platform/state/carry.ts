import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { stateError } from './errors.ts'
import { SNAPSHOT_DATABASE } from './snapshot.ts'
import type { StatePlace } from './state.ts'

/** A store's tables and their columns. */
export type Shape = ReadonlyMap<string, readonly string[]>

const ROWS_AN_INSERT = 200
const NEVER: ReadonlySet<string> = new Set(['migrations'])

export async function shapeOf(place: StatePlace): Promise<Shape> {
  const shape = new Map<string, string[]>()
  const add = (table: string, column: string): void => {
    if (!NEVER.has(table)) shape.set(table, [...(shape.get(table) ?? []), column])
  }
  if ('path' in place) {
    const database = new DatabaseSync(place.path, { readOnly: true })
    try {
      const rows = database
        .prepare(
          "SELECT t.name AS tab, c.name AS col FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
        )
        .all()
      for (const row of rows) add(String(row['tab']), String(row['col']))
    } finally {
      database.close()
    }
    return shape
  }
  await withClient(place.url, async (client) => {
    const { rows } = await client.query<{ tab: string; col: string }>(
      'select table_name as tab, column_name as col from information_schema.columns where table_schema = current_schema() order by ordinal_position',
    )
    for (const { tab, col } of rows) add(tab, col)
  })
  return shape
}

/** The room that a table belongs to, by its prefix; `platform` for those without one. */
export function roomOf(table: string): string {
  return table.includes('_') ? table.slice(0, table.indexOf('_')) : 'platform'
}

/** Rooms of `older` that lost no table and no column in `newer`: their newer rows fit the older schema. */
export function carriedRooms(older: Shape, newer: Shape): ReadonlySet<string> {
  const rooms = new Set([...older.keys()].map(roomOf))
  for (const [table, columns] of older) {
    const now = newer.get(table)
    if (now === undefined || columns.some((column) => !now.includes(column))) rooms.delete(roomOf(table))
  }
  return rooms
}

/**
 * Puts the rows of a snapshot in the place of those that a store with an older schema has, for the tables of these rooms;
 * columns that the older schema does not have are left out. One transaction.
 */
export async function carryRows(place: StatePlace, older: Shape, rooms: ReadonlySet<string>, snapshot: string): Promise<void> {
  const tables = [...older].filter(([table]) => rooms.has(roomOf(table)))
  if ('path' in place) {
    const database = new DatabaseSync(place.path)
    try {
      database.prepare('ATTACH DATABASE ? AS newer').run(join(snapshot, SNAPSHOT_DATABASE))
      database.exec('BEGIN IMMEDIATE')
      for (const [table, columns] of tables) {
        const list = columns.map(quoted).join(', ')
        database.exec(`DELETE FROM main.${quoted(table)}`)
        database.exec(`INSERT INTO main.${quoted(table)} (${list}) SELECT ${list} FROM newer.${quoted(table)}`)
      }
      database.exec('COMMIT')
      database.exec('DETACH DATABASE newer; PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (error) {
      throw stateError(error)
    } finally {
      database.close()
    }
    return
  }
  await withClient(place.url, async (client) => {
    await client.query('begin')
    for (const [table, columns] of tables) {
      await client.query(`delete from ${quoted(table)}`)
      const path = join(snapshot, `${table}.jsonl`)
      const list = columns.map(quoted).join(', ')
      const insert = async (lines: readonly string[]): Promise<void> => {
        if (lines.length === 0) return
        await client.query(
          `insert into ${quoted(table)} (${list}) select ${list} from json_populate_recordset(null::${quoted(table)}, $1::json)`,
          [`[${lines.join(',')}]`],
        )
      }
      let lines: string[] = []
      if (existsSync(path))
        for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
          lines.push(line)
          if (lines.length < ROWS_AN_INSERT) continue
          await insert(lines)
          lines = []
        }
      await insert(lines)
    }
    await client.query('commit')
  })
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    await work(client)
  } catch (error) {
    throw stateError(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}
