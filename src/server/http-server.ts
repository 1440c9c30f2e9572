import { createReadStream, existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { KanpekiError } from '../kernel/error.ts'
import { RawReply, type Route, route } from '../platform/http/route.ts'
import { fileBelow } from '../platform/safe-path.ts'
import { readJsonBodies } from './json-body.ts'
import { createListener, type Listener } from './listener.ts'
import { type MethodsOf, methodsByPath } from './methods.ts'
import { type MountDeps, mount, sendProblem } from './mount.ts'
import { openApi } from './openapi.ts'
import { refuseUnread } from './refuse-unread.ts'

export interface HttpServerDeps extends MountDeps {
  readonly routes: readonly Route[]
  readonly version: string
  /** Folder of the built console; absent where it was not built. */
  readonly console: string
  /** Takes the requests that must not pay for the framework; answers true when it took this one. */
  readonly hot: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Whether work is accepted: asked by `/healthz`. */
  readonly healthy: () => boolean
  /** Told of each request that was answered; `route` is a template, `ingest` or `console`. */
  readonly answered?: (request: { readonly method: string; readonly route: string; readonly status: number }) => void
  /** Asked now and at each `refreshTls`; plain HTTP where absent. Its `ca` are those whose client certificates are asked for. */
  readonly tls?: () => SecureContextOptions
}

export interface RunningServer {
  readonly port: number
  readonly routes: readonly Route[]
  /** New connections get what `tls` answers now; those that are open stay. */
  refreshTls(): void
  /** Stops taking connections, lets running requests end, then resolves. */
  close(): Promise<void>
}

const BODY_LIMIT = 4 * 1024 * 1024

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
  let listener: Listener | undefined
  const answered = deps.answered ?? (() => {})
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    logger: false,
    trustProxy: false,
    // Routes are checked by their own zod schemas (mount.ts); Fastify's two compilers cost a start fifty milliseconds.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    clientErrorHandler: refuseUnread,
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply, error)
    },
    serverFactory: (handler) => {
      listener = createListener((request, response) => {
        if (deps.hot(request, response))
          response.once('close', () => answered({ method: request.method ?? '', route: 'ingest', status: response.statusCode }))
        else handler(request, response)
      }, deps.tls)
      return listener.server
    },
  })
  readJsonBodies(app)
  leaveBodies(app)
  const routes: readonly Route[] = [...deps.routes, ...ownRoutes(deps, () => routes)]
  for (const one of routes) mount(app, one, deps)
  serveConsole(app, deps.console, methodsByPath(routes))
  app.setErrorHandler((error, request, reply) => {
    const sent = sendProblem(reply, error)
    if (reply.statusCode >= 500) deps.report(error, request.raw)
    return sent
  })
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode: status }) =>
    answered({ method, route: routeOptions.url ?? 'console', status }),
  )
  await app.ready()
  const running = listener as Listener | undefined
  if (running === undefined) throw new KanpekiError('internal', 'The HTTP server was not made.')
  const chosen = await running.listen(host, port, '--port')
  return {
    port: chosen,
    routes,
    refreshTls: running.refreshTls,
    close: () => running.close(() => app.close()),
  }
}

/** A body that is no JSON stays unread for the routes that want it so, and is refused by all others. */
function noSchemas(): never {
  throw new Error('no route carries a schema for Fastify')
}

function leaveBodies(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser('*', (request, _payload, done) => {
    const { readsBody } = request.routeOptions.config as { readonly readsBody?: boolean }
    if (readsBody === true) done(null, undefined)
    else done(new fastify.errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE(request.headers['content-type'] ?? ''))
  })
}

function ownRoutes(deps: HttpServerDeps, all: () => readonly Route[]): Route[] {
  /** Made once: it takes a tenth of a second, and strangers may ask for it. */
  let description: string | undefined
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
      handle: async () => {
        description ??= JSON.stringify(openApi(all(), deps.version))
        return new RawReply('application/json', description)
      },
    }),
  ]
}

/**
 * The console is one page: any path without a file of its own gets index.html, except under the API's prefixes, also where
 * an address that ends in a slash was put before them.
 */
function serveConsole(app: FastifyInstance, folder: string, methodsOf: MethodsOf): void {
  const refuse = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const methods = methodsOf(pathOf(request))
    if (methods.length === 0)
      return sendProblem(reply, new KanpekiError('not_found', `There is nothing at ${request.method} ${pathOf(request)}.`))
    reply.header('allow', methods.join(', '))
    return sendProblem(reply, new KanpekiError('method_not_allowed', `${pathOf(request)} takes ${methods.join(', ')}.`))
  }
  const page = (request: FastifyRequest): boolean =>
    (request.method === 'GET' || request.method === 'HEAD') &&
    !/^\/+(api|ledger|public|scim|_)/.test(pathOf(request)) &&
    methodsOf(pathOf(request)).length === 0
  // Before a body is read that nobody asked for.
  app.addHook('onRequest', async (request, reply) => (request.is404 && !page(request) ? refuse(request, reply) : undefined))
  app.setNotFoundHandler(async (request, reply) => {
    const path = pathOf(request)
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

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? ''
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
