import { checkForgery, createAuthenticator } from '../access/authenticate.ts'
import { withMachines } from '../access/machines/authenticate.ts'
import type { AccessTables } from '../access/tables.ts'
import { createOwnMetrics } from '../app/care/own-metrics.ts'
import { type Collecting, openGelf, openSyslog, openSyslogTls } from '../app/collecting.ts'
import { CONSOLE } from '../app/places.ts'
import { sessionPolicy } from '../app/sign-in-deps.ts'
import { VERSION } from '../app/version.ts'
import type { Addresses } from '../collect/addresses.ts'
import { createIngestHandler } from '../collect/sources/http/handler.ts'
import { compatTarget, mainTarget } from '../collect/sources/http/target.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { Config } from '../platform/config.ts'
import type { Route } from '../platform/http/route.ts'
import { isWildcard } from '../platform/tls/loopback.ts'
import { urlHost } from '../platform/tls/names.ts'
import { usesTls } from '../platform/tls/uses-tls.ts'
import { allRoutes } from './all-routes.ts'
import { startCompatServer } from './compat-server.ts'
import { startHttpServer } from './http-server.ts'
import { ingestDeps } from './ingest-deps.ts'
import type { Live } from './live.ts'
import { tlsContext } from './own-tls.ts'
import { createRateLimit } from './rate-limit.ts'
import type { Rooms } from './rooms.ts'

/** Where senders reach us, filled in door by door. */
export type Reached = { -readonly [K in keyof Addresses]: Addresses[K] }

export interface DoorDeps {
  readonly rooms: Rooms
  readonly live: Live
  readonly reached: Reached
  readonly stopping: () => boolean
}

export interface Doors {
  /** Every mounted route. */
  readonly routes: readonly Route[]
  /** Tells commands on this host where the server is. */
  announce(): void
  close(): Promise<void>
}

/** Opens every port that the settings name, the main one first. If one fails, those already open are closed before the error goes on. */
export async function openDoors({ rooms, live, reached, stopping }: DoorDeps): Promise<Doors> {
  const { services, tls, authority, collecting, declaring } = rooms
  const { config, log, clock, state } = services
  const { values } = config
  const { host } = values
  const secure = usesTls(values)
  const metrics = createOwnMetrics({ ...services, version: VERSION, root: services.dir.root })
  const authenticate = withMachines(
    createAuthenticator(state.tables<AccessTables>(), clock, sessionPolicy(config)),
    state.tables<AccessTables>(),
    authority,
    clock,
  )
  const ingest = ingestDeps(
    services,
    authenticate,
    () => (stopping() ? new KanpekiError('stopping', 'Kanpeki is stopping.') : undefined),
    declaring.poke,
  )
  const httpTls = secure ? tls : undefined
  const context = httpTls === undefined ? {} : { tls: tlsContext(httpTls, authority) }
  const open: { close(): Promise<void> }[] = []
  const close = async (): Promise<void> => void (await Promise.all(open.map((one) => one.close())))
  try {
    const http = await startHttpServer(
      {
        version: VERSION,
        console: CONSOLE,
        healthy: () => !stopping() && services.healthy(),
        answered: metrics.answered,
        authenticate,
        checkForgery,
        limit: createRateLimit({ strangers: values['rate-strangers'], callers: values['rate-callers'] }, clock),
        refused: (code, request, caller) =>
          log.warn('a request was refused', {
            code,
            method: request.method,
            path: request.url?.split('?', 1)[0],
            by: caller === undefined || caller.kind === 'anonymous' ? null : `${caller.kind} ${caller.name}`,
            address: request.socket.remoteAddress,
          }),
        report: (error, request) =>
          log.error('a request failed', { path: request.url?.split('?', 1)[0], reason: messageOf(error), stack: stackOf(error) }),
        hot: createIngestHandler({ ...ingest, targetOf: mainTarget }),
        routes: allRoutes({ rooms, live, addresses: () => ({ ...reached }), secure, metrics, stopping }),
        ...context,
      },
      host,
      values.port,
    )
    open.push(http)
    const origin = `${secure ? 'https' : 'http'}://${urlHost(httpTls?.announced ?? host)}`
    reached.url = `${origin}:${http.port}`
    const compatPort = values['compat-port']
    const compat =
      compatPort === null
        ? undefined
        : await startCompatServer(
            { hot: createIngestHandler({ ...ingest, targetOf: compatTarget }), answered: metrics.answered, ...context },
            host,
            compatPort,
          )
    if (compat !== undefined) {
      open.push(compat)
      reached.compat = `${origin}:${compat.port}`
      log.info('the compatibility listener takes events', { url: reached.compat })
    }
    for (const source of [tls, authority])
      source?.onChange(() => {
        http.refreshTls()
        compat?.refreshTls()
      })
    await openLogPorts(collecting, config, reached)
    if (httpTls === undefined) return { routes: http.routes, announce: () => services.announce(reached.url), close }
    const here = `https://${localHost(host)}:${http.port}`
    return { routes: http.routes, announce: () => services.announce(here, httpTls.servedFile), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openLogPorts({ manager }: Collecting, { values }: Config, reached: Reached): Promise<void> {
  const syslogPort = values['syslog-port']
  if (syslogPort !== null) reached.syslog = await openSyslog(manager, values['syslog-host'], syslogPort)
  const syslogTlsPort = values['syslog-tls-port']
  if (syslogTlsPort !== null)
    reached.syslogTls = await openSyslogTls(
      manager,
      values['syslog-tls-host'] ?? values.host,
      syslogTlsPort,
      values['syslog-tls-clients'],
    )
  const gelfPort = values['gelf-port']
  if (gelfPort !== null) reached.gelf = await openGelf(manager, values['gelf-host'], gelfPort)
}

/** Where programs on this host reach a bind. */
function localHost(host: string): string {
  if (!isWildcard(host)) return urlHost(host)
  return host === '0.0.0.0' ? '127.0.0.1' : '[::1]'
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error && !(error instanceof KanpekiError) ? error.stack : undefined
}
