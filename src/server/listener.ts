import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { refusePlainText } from '../platform/tls/plain-text-guard.ts'
import { inFlight } from './in-flight.ts'
import { SECURITY_HEADERS, TLS_HEADERS } from './security-headers.ts'

const HEADERS_TIMEOUT_MS = 20_000
/** How long a stop waits for answers that are under way. */
const STOP_LIMIT_MS = 20_000

/** One port that speaks HTTP, plain or over TLS. */
export interface Listener {
  readonly server: Server | TlsServer
  /** @returns the port. @throws KanpekiError `listen`; `flag` is the option that chooses another port. */
  listen(host: string, port: number, flag: string): Promise<number>
  /** New connections get what `tls` answers now; those that are open stay. */
  refreshTls(): void
  /** Stops taking connections and lets running requests end; then `beforeEnd`, then all is closed. */
  close(beforeEnd?: () => Promise<void>): Promise<void>
}

/**
 * @param tls asked now and at each `refreshTls`; plain HTTP where undefined. Its `ca` are those whose client certificates
 *   are asked for.
 */
export function createListener(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  tls: (() => SecureContextOptions) | undefined,
): Listener {
  const requests = inFlight()
  const headers = Object.entries(tls === undefined ? SECURITY_HEADERS : { ...SECURITY_HEADERS, ...TLS_HEADERS })
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    requests.begin(response)
    for (const [name, value] of headers) response.setHeader(name, value)
    answer(request, response)
  }
  const options: ServerOptions = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: 0 }
  const secure = tls === undefined ? undefined : secureServer(options, tls, take)
  const endConnections = secure === undefined ? () => {} : refusePlainText(secure)
  const server = secure ?? createServer(options, take)
  return {
    server,
    async listen(host, port, flag) {
      await listen(server, host, port, flag)
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : port
    },
    refreshTls: () => {
      if (tls !== undefined) secure?.setSecureContext(tls())
    },
    async close(beforeEnd) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await requests.finish(STOP_LIMIT_MS)
      server.closeAllConnections()
      endConnections()
      await beforeEnd?.()
      await closed
    },
  }
}

/**
 * Client certificates are asked for but not demanded: people have none. Whether one is good is for the authenticator to
 * say, since a refused handshake could not tell its client why.
 */
function secureServer(
  options: ServerOptions,
  tls: () => SecureContextOptions,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): TlsServer {
  return createTlsServer(
    {
      ...options,
      ...tls(),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HEADERS_TIMEOUT_MS,
      ALPNProtocols: ['http/1.1'],
    },
    answer,
  )
}

function listen(server: Server | TlsServer, host: string, port: number, flag: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const remedy = error.code === 'EADDRINUSE' ? `Choose another with ${flag} N; ${flag} 0 takes any free one.` : undefined
      reject(
        new KanpekiError('listen', `Cannot listen on ${host}:${port}: ${messageOf(error)}.`, {
          ...(remedy === undefined ? {} : { remedy }),
          cause: error,
        }),
      )
    })
    server.listen(port, host, () => resolve())
  })
}
