import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import pg from 'pg'
import { stateError } from './errors.ts'
import { storable } from './storable.ts'

const CONNECTIONS = 8
/** int8 and numeric (sums of int8): this schema keeps nothing beyond 2^53 in them, and rows must look as SQLite gives them. */
const NUMERIC_OIDS: ReadonlySet<number> = new Set([20, 1700])
/** "kanpeki" in ASCII: the advisory lock that stands for SQLite's single writer. */
const WRITER_LOCK = '30223420543101801'

/** PostgreSQL by URL, behaving as the SQLite dialect does: one writing transaction at a time, numbers as numbers. */
export function postgresDialect(url: string): Dialect {
  return {
    createDriver: () => new PostgresDriver(url),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
  }
}

class PostgresDriver implements Driver {
  readonly #pool: pg.Pool

  constructor(url: string) {
    this.#pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, types: { getTypeParser } })
    // A broken connection is dropped by the pool, and the query on it rejects; the event would end the process.
    this.#pool.on('error', () => {})
    this.#pool.on('connect', (client) => client.on('error', () => {}))
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresConnection> {
    return new PostgresConnection(await translated(this.#pool.connect()))
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    const { client } = asPostgres(connection)
    await translated(client.query('begin'))
    await translated(client.query(`select pg_advisory_xact_lock(${WRITER_LOCK})`))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await translated(asPostgres(connection).client.query('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await translated(asPostgres(connection).client.query('rollback'))
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    asPostgres(connection).client.release()
  }

  async destroy(): Promise<void> {
    await this.#pool.end()
  }
}

function asPostgres(connection: DatabaseConnection): PostgresConnection {
  if (!(connection instanceof PostgresConnection)) throw new TypeError('a connection of another driver')
  return connection
}

class PostgresConnection implements DatabaseConnection {
  readonly client: pg.PoolClient

  constructor(client: pg.PoolClient) {
    this.client = client
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const result = await translated(this.client.query({ text: query.sql, values: query.parameters.map(storable) }))
    const changes = result.command === 'SELECT' || result.rowCount === null ? {} : { numAffectedRows: BigInt(result.rowCount) }
    return { rows: result.rows as R[], ...changes }
  }

  /** Whole result at once: nothing in the state store is large enough to need a cursor. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    const { rows } = await this.executeQuery<R>(query)
    for (const row of rows) yield { rows: [row] }
  }
}

async function translated<R>(work: Promise<R>): Promise<R> {
  try {
    return await work
  } catch (error) {
    throw stateError(error)
  }
}

const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (oid: number, format?: 'text' | 'binary') =>
  NUMERIC_OIDS.has(oid) && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format)
