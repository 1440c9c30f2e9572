import { createReadStream, existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { RawReply, type Route, route } from '../platform/http/route.ts'
import { fileBelow } from '../platform/safe-path.ts'
import { type MountDeps, mount, sendProblem } from './mount.ts'
import { openApi } from './openapi.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

export interface HttpServerDeps extends MountDeps {
  readonly routes: readonly Route[]
  readonly version: string
  /** Folder of the built console; absent where it was not built. */
  readonly console: string
  /** Takes the requests that must not pay for the framework; answers true when it took this one. */
  readonly hot: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Whether work is accepted: asked by `/healthz`. */
  readonly healthy: () => boolean
}

export interface RunningServer {
  readonly port: number
  readonly routes: readonly Route[]
  /** Stops taking connections, lets running requests end, then resolves. */
  close(): Promise<void>
}

const BODY_LIMIT = 4 * 1024 * 1024
const HEADERS_TIMEOUT_MS = 20_000

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

export async function startHttpServer(deps: HttpServerDeps, host: string, port: number): Promise<RunningServer> {
  let server: Server | undefined
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    logger: false,
    trustProxy: false,
    serverFactory: (handler) => {
      server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: 0 }, (request, response) => {
        for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
        if (!deps.hot(request, response)) handler(request, response)
      })
      return server
    },
  })
  const routes: readonly Route[] = [...deps.routes, ...ownRoutes(deps, () => routes)]
  for (const one of routes) mount(app, one, deps)
  serveConsole(app, deps.console)
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, error))
  await app.ready()
  const running = server as Server | undefined
  if (running === undefined) throw new KanpekiError('internal', 'The HTTP server was not made.')
  await listen(running, host, port)
  const address = running.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    routes,
    close: async () => {
      const closed = new Promise<void>((resolve) => running.close(() => resolve()))
      running.closeIdleConnections()
      await app.close()
      running.closeAllConnections()
      await closed
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const remedy = error.code === 'EADDRINUSE' ? 'Choose another with --port N; --port 0 takes any free one.' : undefined
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

function ownRoutes(deps: HttpServerDeps, all: () => readonly Route[]): Route[] {
  return [
    route({
      method: 'GET',
      path: '/healthz',
      permission: 'public',
      summary: 'Whether work is accepted',
      handle: async () => {
        if (!deps.healthy()) throw new KanpekiError('stopping', 'Kanpeki is starting or stopping.')
        return { status: 'ok' }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/openapi.json',
      permission: 'public',
      summary: 'This API as OpenAPI 3.1',
      handle: async () => new RawReply('application/json', JSON.stringify(openApi(all(), deps.version))),
    }),
  ]
}

/** The console is one page: any path without a file of its own gets index.html, except under the API's prefixes. */
function serveConsole(app: FastifyInstance, folder: string): void {
  app.setNotFoundHandler(async (request, reply) => {
    const path = new URL(request.url, 'http://localhost').pathname
    if ((request.method !== 'GET' && request.method !== 'HEAD') || /^\/(api|ledger|public|_)/.test(path)) {
      return sendProblem(reply, new KanpekiError('not_found', `There is nothing at ${request.method} ${path}.`))
    }
    if (!existsSync(join(folder, 'index.html'))) {
      return sendProblem(
        reply,
        new KanpekiError('not_found', 'The console is not built.', { remedy: 'Start with ./kanpeki up, which builds it.' }),
      )
    }
    const file = (await fileOf(folder, path)) ?? join(folder, 'index.html')
    const immutable = path.startsWith('/assets/') && !file.endsWith('index.html')
    reply.header('cache-control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    reply.type(CONTENT_TYPES[extname(file)] ?? 'application/octet-stream')
    return reply.send(createReadStream(file))
  })
}

/** The console's file at a URL's path, if it is one. */
async function fileOf(folder: string, path: string): Promise<string | undefined> {
  try {
    const full = await fileBelow(folder, decodeURIComponent(path).replace(/^\//, ''))
    return (await stat(full)).isFile() ? full : undefined
  } catch {
    return undefined
  }
}
