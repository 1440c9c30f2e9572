import { createReadStream, existsSync } from 'node:fs'
import { copyFile, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { backup, DatabaseSync } from 'node:sqlite'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import { KanpekiError } from '../../kernel/error.ts'
import { moveDurably, syncFile, syncFolder } from '../atomic-file.ts'
import { stateError } from './errors.ts'
import type { Migration } from './migrate.ts'
import { openState, type State, type StatePlace } from './state.ts'

/** `sqlite`: the whole database as a file. `rows`: one file of JSON lines for each table, which any store can take. */
export type SnapshotKind = 'sqlite' | 'rows'

export interface StateSnapshot {
  readonly kind: SnapshotKind
  /** Names of the schema's steps, in their order. */
  readonly steps: readonly string[]
}

export const SNAPSHOT_DATABASE = 'state.db'
/** In one step: with several, a write in between starts the copy anew, and under load it never ends. */
const ALL_PAGES = 2 ** 31 - 1
const ROWS_A_READ = 1000
const ROWS_AN_INSERT = 200
const TABLE = /^[a-z][a-z0-9_]*$/
/** Rebuilt by running the steps: its checksums belong to one dialect. */
const STEPS_TABLE = 'migrations'

/** Copies a store at one moment into an empty folder, beside whoever writes to it, durably. Does not change its schema. */
export async function snapshotState(place: StatePlace, folder: string): Promise<StateSnapshot> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const snapshot =
    'path' in place ? await copyDatabase(place.path, join(folder, SNAPSHOT_DATABASE)) : await dumpRows(place.url, folder)
  await syncFolder(folder)
  return snapshot
}

/** The steps that a store has, without opening it for writing; empty where there is none yet. */
export async function appliedSteps(place: StatePlace): Promise<readonly string[]> {
  if ('url' in place) return await postgresSteps(place.url)
  return existsSync(place.path) ? sqliteSteps(place.path) : []
}

async function copyDatabase(from: string, to: string): Promise<StateSnapshot> {
  const database = openReadOnly(from)
  try {
    await backup(database, to, { rate: ALL_PAGES })
  } catch (error) {
    throw stateError(error)
  } finally {
    database.close()
  }
  // One file without a log beside it, owned by nobody else.
  const copy = new DatabaseSync(to)
  try {
    copy.exec('PRAGMA journal_mode = DELETE')
  } finally {
    copy.close()
  }
  const file = await open(to, 'r+')
  try {
    await file.chmod(0o600)
    await file.sync()
  } finally {
    await file.close()
  }
  return { kind: 'sqlite', steps: sqliteSteps(to) }
}

function sqliteSteps(path: string): readonly string[] {
  const database = openReadOnly(path)
  try {
    const known = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(STEPS_TABLE)
    if (known === undefined) return []
    return database
      .prepare(`SELECT name FROM ${STEPS_TABLE} ORDER BY name`)
      .all()
      .map((row) => String(row['name']))
  } catch (error) {
    throw stateError(error)
  } finally {
    database.close()
  }
}

function openReadOnly(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  } catch (error) {
    throw stateError(error)
  }
}

async function postgresSteps(url: string): Promise<readonly string[]> {
  return await withClient(url, async (client) => {
    const { rows } = await client.query<{ found: string | null }>('select to_regclass($1)::text as found', [STEPS_TABLE])
    return rows[0]?.found == null ? [] : await readSteps(client)
  })
}

async function readSteps(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(`select name from ${STEPS_TABLE} order by name`)
  return rows.map(({ name }) => name)
}

/** One repeatable-read transaction sees every table at the same moment. */
function dumpRows(url: string, folder: string): Promise<StateSnapshot> {
  return withClient(url, async (client) => {
    await client.query('begin transaction isolation level repeatable read read only')
    const { rows } = await client.query<{ name: string }>(
      'select tablename as name from pg_tables where schemaname = current_schema() order by tablename',
    )
    for (const { name } of rows.filter((row) => row.name !== STEPS_TABLE && TABLE.test(row.name)))
      await dumpTable(client, name, join(folder, `${name}.jsonl`))
    const steps = await readSteps(client)
    await client.query('commit')
    return { kind: 'rows', steps }
  })
}

async function dumpTable(client: pg.Client, table: string, path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await client.query(`declare rows_of_table no scroll cursor for select row_to_json(t)::text as line from "${table}" t`)
    for (;;) {
      const { rows } = await client.query<{ line: string }>(`fetch ${ROWS_A_READ} from rows_of_table`)
      if (rows.length === 0) break
      await file.appendFile(rows.map(({ line }) => `${line}\n`).join(''))
    }
    await client.query('close rows_of_table')
    await file.sync()
  } finally {
    await file.close()
  }
}

async function withClient<R>(url: string, work: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    return await work(client)
  } catch (error) {
    throw stateError(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * Fills an empty store with rows that `snapshotState` wrote, in one transaction, at the schema they had.
 * @param known every step of this program. @throws KanpekiError `state_newer`, `state_not_empty`, `archive_broken`.
 */
export async function loadRows(
  place: StatePlace,
  folder: string,
  steps: readonly string[],
  known: readonly Migration[],
): Promise<void> {
  if ((await appliedSteps(place)).length > 0) {
    throw new KanpekiError('state_not_empty', 'The database to restore into is not empty.', {
      remedy: 'Give an empty one; nothing was changed in this one.',
    })
  }
  const state = await openState(place, stepsNamed(steps, known))
  try {
    const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'))
    const names = files.map((name) => name.slice(0, -'.jsonl'.length))
    const tables = await inOrderOfReference(state, names)
    await state.transaction<Rows, void>(async (trx) => {
      for (const table of tables.toReversed()) await trx.deleteFrom(table).execute()
      for (const table of tables) await loadTable(trx, table, join(folder, `${table}.jsonl`))
    })
  } finally {
    await state.close()
  }
}

/**
 * Puts a snapshot in the place of a store that no process has open. SQLite's file is replaced in one step; PostgreSQL's
 * tables are dropped and filled again, so take a snapshot of what is there first.
 */
export async function replaceState(
  place: StatePlace,
  folder: string,
  { kind, steps }: StateSnapshot,
  known: readonly Migration[],
): Promise<void> {
  if ('path' in place) {
    if (kind !== 'sqlite') throw new KanpekiError('restore_state', 'The snapshot is not one of an SQLite database.')
    const fresh = `${place.path}.new`
    await copyFile(join(folder, SNAPSHOT_DATABASE), fresh)
    await syncFile(fresh)
    // A log of the replaced database would be read as this one's.
    for (const suffix of ['-wal', '-shm']) await rm(`${place.path}${suffix}`, { force: true })
    await moveDurably(fresh, place.path)
    return
  }
  await withClient(place.url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'select quote_ident(tablename) as name from pg_tables where schemaname = current_schema()',
    )
    if (rows.length > 0) await client.query(`drop table ${rows.map(({ name }) => name).join(', ')} cascade`)
  })
  await loadRows(place, folder, steps, known)
}

type Rows = Record<string, Record<string, string | number | null>>

/** The steps with these names. The platform's own are opened along with any list, and are left out here. */
export function stepsNamed(names: readonly string[], known: readonly Migration[]): readonly Migration[] {
  return known.filter((step) => names.includes(step.name))
}

async function loadTable(trx: Kysely<Rows>, table: string, path: string): Promise<void> {
  let waiting: Rows[string][] = []
  const flush = async (): Promise<void> => {
    if (waiting.length > 0) await trx.insertInto(table).values(waiting).execute()
    waiting = []
  }
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    waiting.push(JSON.parse(line) as Rows[string])
    if (waiting.length >= ROWS_AN_INSERT) await flush()
  }
  await flush()
}

/** What is referred to comes first. */
async function inOrderOfReference(state: State, tables: readonly string[]): Promise<readonly string[]> {
  const known = await tableNames(state)
  const strange = tables.find((table) => !known.has(table))
  if (strange !== undefined)
    throw new KanpekiError('archive_broken', `The backup has rows of ${strange}, which its schema does not.`)
  const references = state.dialect === 'sqlite' ? await sqliteReferences(state, tables) : await postgresReferences(state)
  const ordered: string[] = []
  const visit = (table: string): void => {
    if (ordered.includes(table)) return
    for (const { from, to } of references) if (from === table && to !== table && tables.includes(to)) visit(to)
    ordered.push(table)
  }
  for (const table of tables) visit(table)
  return ordered
}

/** Kysely's own introspection binds booleans, which no statement of ours may. */
async function tableNames(state: State): Promise<ReadonlySet<string>> {
  const query =
    state.dialect === 'sqlite'
      ? sql<{ name: string }>`select name from sqlite_master where type = 'table'`
      : sql<{ name: string }>`select tablename as name from pg_tables where schemaname = current_schema()`
  return new Set((await query.execute(state.tables())).rows.map(({ name }) => name))
}

interface Reference {
  readonly from: string
  readonly to: string
}

async function sqliteReferences(state: State, tables: readonly string[]): Promise<readonly Reference[]> {
  const found: Reference[] = []
  for (const from of tables) {
    const { rows } = await sql<{ table: string }>`select "table" from pragma_foreign_key_list(${from})`.execute(state.tables())
    found.push(...rows.map((row) => ({ from, to: row.table })))
  }
  return found
}

async function postgresReferences(state: State): Promise<readonly Reference[]> {
  const { rows } = await sql<Reference>`
    select conrelid::regclass::text as "from", confrelid::regclass::text as "to" from pg_constraint where contype = 'f'
  `.execute(state.tables())
  return rows
}
