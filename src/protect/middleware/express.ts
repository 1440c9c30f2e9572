import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Guard } from './guard.ts'
import { guardRequest } from './node-http.ts'

/** Express (and Connect) middleware: `app.use(expressGuard(guard))`, before whatever parses bodies. */
export function expressGuard(guard: Guard): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  return (request, response, next) => guardRequest(guard, request, response, next)
}
