import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SecureContextOptions } from 'node:tls'
import { createListener, type Listener } from './listener.ts'

export interface CompatServerDeps {
  /** Takes the requests of senders; answers true when it took this one. */
  readonly hot: (request: IncomingMessage, response: ServerResponse) => boolean
  readonly answered?: (request: { readonly method: string; readonly route: string; readonly status: number }) => void
  readonly tls?: () => SecureContextOptions
}

export type CompatServer = Pick<Listener, 'refreshTls' | 'close'> & { readonly port: number }

const NOT_FOUND = {
  error: {
    root_cause: [{ type: 'resource_not_found_exception', reason: 'Kanpeki takes events here; nothing else is served.' }],
    type: 'resource_not_found_exception',
    reason: 'Kanpeki takes events here; nothing else is served.',
  },
  status: 404,
}

/**
 * The compatibility listener: a port on which we answer as the products do whose senders send to us (Elasticsearch, Splunk's
 * HTTP Event Collector, OpenTelemetry, Loki). Neither the console nor the API is there.
 */
export async function startCompatServer(deps: CompatServerDeps, host: string, port: number): Promise<CompatServer> {
  const body = JSON.stringify(NOT_FOUND)
  const listener = createListener((request, response) => {
    response.once('close', () => deps.answered?.({ method: request.method ?? '', route: 'ingest', status: response.statusCode }))
    if (deps.hot(request, response)) return
    request.resume()
    response
      .writeHead(404, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        'X-Elastic-Product': 'Elasticsearch',
      })
      .end(body)
  }, deps.tls)
  const chosen = await listener.listen(host, port, '--compat-port')
  return { port: chosen, refreshTls: listener.refreshTls, close: () => listener.close() }
}
