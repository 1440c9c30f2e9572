import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { KanpekiError } from '../../kernel/error.ts'
import { stateError } from './errors.ts'
import { Mutex } from './mutex.ts'
import { refuseBesideTransaction } from './running-transaction.ts'
import { storable } from './storable.ts'

/** How long a write waits for another thread or process that holds the database's write lock. */
const BUSY_LIMIT_MS = 30_000
/** SQLite blocks the whole thread while it waits, so it may wait only briefly; the driver then retries without blocking. */
const BUSY_BLOCK_MS = 20
const STATEMENTS_KEPT = 256

/**
 * SQLite through `node:sqlite`: one connection writes, another reads (WAL gives readers a stable view meanwhile).
 * Writes of one process queue up in order; `begin` is always `begin immediate`.
 */
export function sqliteDialect(path: string): Dialect {
  return {
    createDriver: () => new SqliteDriver(path),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new QueueingSqliteAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  }
}

/** The driver below orders writes itself; Kysely's own mutex would also make reads wait for a transaction. */
class QueueingSqliteAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

class SqliteDriver implements Driver {
  readonly #path: string
  readonly #lock = new Mutex()
  #writer: Handle | undefined
  #reader: Handle | undefined

  constructor(path: string) {
    this.#path = path
  }

  async init(): Promise<void> {
    const writer = openHandle(this.#path)
    await unblocked(() => writer.database.exec('PRAGMA journal_mode = WAL'))
    writer.database.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA case_sensitive_like = ON')
    const reader = openHandle(this.#path)
    reader.database.exec('PRAGMA query_only = ON; PRAGMA case_sensitive_like = ON')
    this.#writer = writer
    this.#reader = reader
  }

  async acquireConnection(): Promise<SqliteConnection> {
    return new SqliteConnection(this.#writer!, this.#reader!, this.#lock)
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await asSqlite(connection).begin()
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    asSqlite(connection).commit()
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    asSqlite(connection).rollback()
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    const release = await this.#lock.acquire()
    this.#reader?.database.close()
    this.#writer?.database.close()
    release()
  }
}

function asSqlite(connection: DatabaseConnection): SqliteConnection {
  if (!(connection instanceof SqliteConnection)) throw new TypeError('a connection of another driver')
  return connection
}

/** What Kysely holds for one query or one transaction; only a transaction occupies the writing connection for longer. */
class SqliteConnection implements DatabaseConnection {
  readonly #writer: Handle
  readonly #reader: Handle
  readonly #lock: Mutex
  #release: (() => void) | undefined

  constructor(writer: Handle, reader: Handle, lock: Mutex) {
    this.#writer = writer
    this.#reader = reader
    this.#lock = lock
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#release !== undefined) return guarded(() => execute<R>(this.#writer, query))
    if (SelectQueryNode.is(query.query)) return unblocked(() => execute<R>(this.#reader, query))
    refuseBesideTransaction()
    const release = await this.#lock.acquire()
    try {
      return await unblocked(() => execute<R>(this.#writer, query))
    } finally {
      release()
    }
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    const handle = this.#release === undefined ? this.#reader : this.#writer
    // A statement of its own: a kept one would be reset by the next execution of the same text.
    const statement = guarded(() => handle.database.prepare(query.sql))
    for (const row of statement.iterate(...inputs(query))) yield { rows: [row as R] }
  }

  async begin(): Promise<void> {
    const release = await this.#lock.acquire()
    try {
      await unblocked(() => this.#writer.database.exec('begin immediate'))
      this.#release = release
    } catch (error) {
      release()
      throw error
    }
  }

  commit(): void {
    guarded(() => this.#writer.database.exec('commit'))
    this.#end()
  }

  /** Also after a failed commit; SQLite may have rolled back by itself (full disk), which is what is wanted. */
  rollback(): void {
    if (this.#release === undefined) return
    try {
      if (this.#writer.database.isTransaction) this.#writer.database.exec('rollback')
    } finally {
      this.#end()
    }
  }

  #end(): void {
    const release = this.#release
    this.#release = undefined
    release?.()
  }
}

interface Handle {
  readonly database: DatabaseSync
  readonly statements: Map<string, StatementSync>
}

function openHandle(path: string): Handle {
  return guarded(() => ({ database: new DatabaseSync(path, { timeout: BUSY_BLOCK_MS }), statements: new Map() }))
}

function execute<R>(handle: Handle, query: CompiledQuery): QueryResult<R> {
  const statement = prepared(handle, query.sql)
  if (statement.columns().length > 0) return { rows: statement.all(...inputs(query)) as R[] }
  const { changes, lastInsertRowid } = statement.run(...inputs(query))
  return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
}

function inputs(query: CompiledQuery): SQLInputValue[] {
  return query.parameters.map((value) => storable(value))
}

/** Least recently used statements leave first (a Map keeps insertion order). */
function prepared(handle: Handle, sql: string): StatementSync {
  const kept = handle.statements.get(sql)
  const statement = kept ?? handle.database.prepare(sql)
  handle.statements.delete(sql)
  handle.statements.set(sql, statement)
  if (handle.statements.size > STATEMENTS_KEPT) {
    const oldest = handle.statements.keys().next()
    if (oldest.done !== true) handle.statements.delete(oldest.value)
  }
  return statement
}

function guarded<R>(run: () => R): R {
  try {
    return run()
  } catch (error) {
    throw stateError(error)
  }
}

/** Runs again while another connection holds the lock; a statement that was refused as busy has changed nothing. */
async function unblocked<R>(run: () => R): Promise<R> {
  const limit = performance.now() + BUSY_LIMIT_MS
  for (let wait = 5; ; wait = Math.min(wait * 2, 100)) {
    try {
      return guarded(run)
    } catch (error) {
      if (!(error instanceof KanpekiError) || error.code !== 'state_busy' || performance.now() > limit) throw error
    }
    await sleep(wait)
  }
}
