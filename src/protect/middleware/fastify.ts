import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Guard } from './guard.ts'
import { guardRequest } from './node-http.ts'

/** The part of Fastify that is used, so that Fastify need not be installed where it is not. */
interface FastifyLike {
  readonly addHook: (
    name: 'onRequest',
    hook: (request: { readonly raw: IncomingMessage }, reply: { readonly raw: ServerResponse }, done: () => void) => void,
  ) => unknown
}

/** A Fastify plugin: `app.register(fastifyGuard(guard))`, before the routes. It holds for the whole application, not only for its scope. */
export function fastifyGuard(guard: Guard): (app: FastifyLike, options: unknown, done: () => void) => void {
  const plugin = (app: FastifyLike, _options: unknown, done: () => void) => {
    // Where an answer was given already, `go` is not called, and Fastify does nothing more.
    app.addHook('onRequest', (request, reply, go) => guardRequest(guard, request.raw, reply.raw, go))
    done()
  }
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}
