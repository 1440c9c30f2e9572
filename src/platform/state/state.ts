import { chmodSync, existsSync } from 'node:fs'
import { type Dialect, Kysely } from 'kysely'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { type Migration, type MigrationTables, migrate } from './migrate.ts'
import { stateMigrations } from './migrations.ts'
import { postgresDialect } from './postgres.ts'
import { insideTransaction, refuseBesideTransaction } from './running-transaction.ts'
import { scopedTo } from './scope.ts'
import { sqliteDialect } from './sqlite.ts'

/** The state store: alerts, cards, users and whatever else changes. Safe to open from several threads at once. */
export interface State {
  readonly dialect: 'sqlite' | 'postgres'
  /** All rows of every scope. Rooms that answer a caller use `scoped`. */
  tables<T>(): Kysely<T>
  /** The same, limited to one scope in reads, writes and joins (scope.ts says how). */
  scoped<T>(scope: string): Kysely<T>
  /**
   * Runs `fn` in one transaction; only one runs at a time in the whole installation. It commits durably when `fn`
   * resolves and rolls back when it throws. Inside, use only the handle it is given.
   */
  transaction<T, R>(fn: (trx: Kysely<T>) => Promise<R>): Promise<R>
  close(): Promise<void>
}

/** Where the store is: an SQLite file, or a PostgreSQL database by URL (`postgres://…`). */
export type StatePlace = { readonly path: string } | { readonly url: string }

/**
 * Opens the store and brings its schema up to date with the platform's own migrations and those given.
 * @throws KanpekiError `state_newer`, `migration_changed`, `state_unreachable`, `state_corrupt`, `disk_full`.
 */
export async function openState(place: StatePlace, migrations: readonly Migration[], clock: Clock = systemClock): Promise<State> {
  const fresh = 'path' in place && !existsSync(place.path)
  const state = 'path' in place ? stateOn('sqlite', sqliteDialect(place.path)) : stateOn('postgres', postgresDialect(place.url))
  try {
    await migrate(
      state.tables<MigrationTables>(),
      (fn) => state.transaction(fn),
      [...stateMigrations, ...migrations],
      () => clock.now(),
    )
    if (fresh) chmodSync(place.path, 0o600)
    return state
  } catch (error) {
    await state.close()
    throw error
  }
}

function stateOn(dialect: State['dialect'], driver: Dialect): State {
  const db = new Kysely<unknown>({ dialect: driver })
  const tables = <T>(): Kysely<T> => db as unknown as Kysely<T>
  return {
    dialect,
    tables,
    scoped: (scope) => scopedTo(tables(), scope),
    async transaction<T, R>(fn: (trx: Kysely<T>) => Promise<R>): Promise<R> {
      refuseBesideTransaction()
      return db.transaction().execute((trx) => insideTransaction(() => fn(trx as unknown as Kysely<T>)))
    },
    close: () => db.destroy(),
  }
}
