import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import type { Addresses } from '../collect/addresses.ts'
import { createSourceManager, type SourceManager } from '../collect/manager.ts'
import type { CollectDeps } from '../collect/routes.ts'
import { newSource, type TestReceipt, type UnknownList } from '../collect/schema.ts'
import { createSupervisor } from '../collect/supervisor.ts'
import type { Clock } from '../kernel/clock.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { getPath, type JsonObject } from '../kernel/json.ts'
import type { PositionStore, SourceTls } from '../kernel/plugin.ts'
import type { FileGuard } from '../platform/file-guard.ts'
import type { Lake } from '../platform/lake/lake.ts'
import type { Query } from '../platform/lake/query/ast.ts'
import type { Log } from '../platform/log.ts'
import { positionsOf } from '../platform/state/settings.ts'
import type { State } from '../platform/state/state.ts'
import type { Pipeline } from './pipeline/client.ts'

const STOP_GRACE_MS = 10_000
const SAMPLE_LENGTH = 4_096

export interface Collecting {
  readonly manager: SourceManager
  readonly statusOf: CollectDeps['statusOf']
  readonly unknownsOf: CollectDeps['unknownsOf']
  readonly sendTest: CollectDeps['sendTest']
  /** Hands records to the writer as if a source had read them; resolves when they are on disk. One with an id that was stored is not stored again. */
  send(
    scope: string,
    source: string,
    records: readonly { readonly id?: string; readonly text?: string; readonly json?: JsonObject }[],
  ): Promise<readonly string[]>
  stop(): Promise<void>
}

export interface CollectingDeps {
  readonly state: State
  readonly lake: Pick<Lake, 'search' | 'count'>
  readonly pipeline: Pipeline
  readonly clock: Clock
  readonly log: Log
  /** What file sources may read. */
  readonly refusal: FileGuard
  /** For sources of a scope that listen over TLS; undefined where this server has no certificate. */
  readonly tls: ((scope: string) => SourceTls) | undefined
}

/** Opens the configured sources under the supervisor, whose commits go to the writer's thread. */
export function createCollecting({ state, lake, pipeline, clock, log, refusal, tls }: CollectingDeps): Collecting {
  const supervisor = createSupervisor({
    commit: (batch) => pipeline.ask({ kind: 'batch', batch }),
    positions: (scope, id) => prefixed(positionsOf(state), `${scope}/${id}/`),
    clock,
    log: log.info,
    refusal,
    ...(tls === undefined ? {} : { tls }),
  })
  const manager = createSourceManager({
    state,
    supervisor,
    clock,
    changed: async () => void (await pipeline.ask({ kind: 'known' })),
  })

  const send: Collecting['send'] = async (scope, source, records) => {
    const identified = records.map((record) => ({ id: randomUUID(), ...record }))
    const bytes = identified.reduce((sum, record) => sum + (record.text?.length ?? 0), 0)
    await pipeline.ask({
      kind: 'batch',
      batch: { source, scope, records: identified, bytes, gaps: 0, zoneMinutes: 0, parsers: [] },
    })
    return identified.map((record) => record.id)
  }

  return {
    manager,
    statusOf: (scope, id) => supervisor.status(scope, id),
    send,
    async sendTest(scope, source): Promise<TestReceipt> {
      const sentAt = new Date(clock.now()).toISOString()
      const json = {
        '@timestamp': sentAt,
        message: 'Test event sent from the console',
        event: { kind: 'event', dataset: 'kanpeki.test' },
        host: { name: 'kanpeki-test' },
      }
      const [eventId] = await send(scope, source, [{ json }])
      return { eventId: eventId!, sentAt, storedAt: new Date(clock.now()).toISOString() }
    },
    async unknownsOf(scope, source, limit): Promise<UnknownList> {
      const query: Query = { kind: 'and', parts: [term('kanpeki.parser', 'unknown'), term('kanpeki.source', source)] }
      const [total, page] = await Promise.all([lake.count({ scope, query }), lake.search({ scope, query, limit })])
      return {
        total,
        samples: page.events.map(({ id, received, doc }) => ({
          id,
          receivedAt: new Date(received).toISOString(),
          reason: textAt(doc, 'error.message'),
          text: textAt(doc, 'event.original').slice(0, SAMPLE_LENGTH),
          origin: textAt(doc, 'log.source.address') || null,
        })),
      }
    },
    stop: () => supervisor.stopAll(STOP_GRACE_MS),
  }
}

/** As `openSyslog`, for GELF. */
export async function openGelf(manager: SourceManager, host: string, port: number): Promise<NonNullable<Addresses['gelf']>> {
  const chosen = port === 0 ? await freePort(host) : port
  await manager.ensure(
    DEFAULT_SCOPE,
    newSource.parse({ kind: 'gelf', name: 'main', config: { host, port: chosen } }),
    'command line',
  )
  return { host, port: chosen }
}

/** What the command line asks for at each start. @returns where syslog listens; port 0 is chosen here, so that it can be told. */
export async function openSyslog(manager: SourceManager, host: string, port: number): Promise<Addresses['syslog']> {
  const chosen = port === 0 ? await freePort(host) : port
  await manager.ensure(
    DEFAULT_SCOPE,
    newSource.parse({ kind: 'syslog', name: 'main', config: { host, port: chosen } }),
    'command line',
  )
  return { host, port: chosen }
}

/** As `openSyslog`, over TLS. */
export async function openSyslogTls(
  manager: SourceManager,
  host: string,
  port: number,
  clients: 'optional' | 'required',
): Promise<NonNullable<Addresses['syslogTls']>> {
  const chosen = port === 0 ? await freePort(host) : port
  await manager.ensure(
    DEFAULT_SCOPE,
    newSource.parse({ kind: 'syslog', name: 'tls', config: { host, port: chosen, udp: false, tls: clients } }),
    'command line',
  )
  return { host, port: chosen }
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function term(field: string, text: string): Query {
  return { kind: 'term', field, match: { kind: 'text', text, quoted: true } }
}

function textAt(doc: JsonObject, path: string): string {
  const value = getPath(doc, path)
  return typeof value === 'string' ? value : ''
}

function prefixed(store: PositionStore, prefix: string): PositionStore {
  return { get: (key) => store.get(prefix + key), set: (key, value) => store.set(prefix + key, value) }
}
