import { mkdir } from 'node:fs/promises'
import { Agent } from 'node:http'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { ClickHouseLake } from './clickhouse-lake.ts'
import { Engine } from './engine-calls.ts'
import { exportByEngine, exportByHttp } from './export.ts'
import { insertByFile, insertByHttp } from './insert.ts'
import type { Lake } from './lake.ts'
import { prepareTable } from './upgrade.ts'

/** Where a lake answers; plain data, so that it can be handed to a worker thread. */
export type LakeAddress =
  | {
      readonly kind: 'embedded'
      readonly socketPath?: string
      readonly port?: number
      readonly secret: string
      readonly folder: string
    }
  | {
      readonly kind: 'cluster'
      readonly url: string
      readonly username?: string
      readonly password?: string
      readonly database?: string
    }

export interface ConnectOptions {
  /** Folder for sealed hours. */
  readonly sealed: string
  /** How long calls wait for a lake that does not answer (it may be starting again). Default one minute. */
  readonly patienceMs?: number
  readonly clock?: Clock
}

/** Connects and makes the table if it is missing. The same code speaks to the embedded engine and to a cluster. */
export async function connectLake(address: LakeAddress, options: ConnectOptions): Promise<Lake> {
  const clock = options.clock ?? systemClock
  const engine = new Engine(clientOf(address), options.patienceMs ?? 60_000)
  try {
    await mkdir(options.sealed, { recursive: true, mode: 0o700 })
    await prepareTable(engine)
  } catch (error) {
    await engine.close()
    throw error
  }
  return new ClickHouseLake(
    engine,
    address.kind === 'embedded' ? insertByFile(engine, address.folder) : insertByHttp(engine),
    address.kind === 'embedded' ? exportByEngine(engine) : exportByHttp(engine),
    options.sealed,
    clock,
  )
}

export function clientOf(address: LakeAddress): ClickHouseClient {
  const common = { log: { level: ClickHouseLogLevel.OFF }, request_timeout: 600_000, application: 'kanpeki' }
  if (address.kind === 'cluster') {
    const { url, username, password, database } = address
    return createClient({
      ...common,
      url,
      clickhouse_settings: { cancel_http_readonly_queries_on_client_close: 1 },
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(database === undefined ? {} : { database }),
    })
  }
  const { socketPath, port, secret } = address
  return createClient({
    ...common,
    url: `http://127.0.0.1:${port ?? 80}`,
    username: 'default',
    password: secret,
    http_agent: new Agent({ keepAlive: true, maxSockets: 16, ...(socketPath === undefined ? {} : { socketPath }) }),
  })
}
