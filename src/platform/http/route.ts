import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'

/** What a caller may do. Each route names exactly one; a test fails for a route without. */
export const PERMISSIONS = [
  'public',
  'session',
  'ingest',
  'events:read',
  'alerts:read',
  'alerts:write',
  'cards:read',
  'cards:write',
  'ledger:read',
  'sources:read',
  'sources:write',
  'admin',
] as const
export type Permission = (typeof PERMISSIONS)[number]

/** Who is calling. `scope` limits every query the route makes. */
export interface Caller {
  readonly kind: 'person' | 'token' | 'anonymous'
  readonly id: string
  readonly name: string
  readonly scope: string
  readonly permissions: ReadonlySet<Permission>
}

export interface RouteInput<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly caller: Caller
  readonly request: IncomingMessage
  readonly signal: AbortSignal
}

/** A reply that is not JSON (an SVG, a tile, a download). */
export class RawReply {
  readonly contentType: string
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>
  readonly headers: Readonly<Record<string, string>>
  constructor(
    contentType: string,
    body: string | Uint8Array | AsyncIterable<string | Uint8Array>,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.contentType = contentType
    this.body = body
    this.headers = headers
  }
}

/**
 * One HTTP route as a value: the server mounts it, checks the permission, validates with zod and writes OpenAPI from it.
 * Paths use `:name` for parameters and a final `*` for the rest. A thrown KanpekiError becomes an RFC 9457 problem whose
 * status is `statusOf[code]`, 400 by default.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly permission: Permission
  readonly summary: string
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly response?: z.ZodType
  readonly handle: (input: RouteInput<never, never, never>) => Promise<unknown>
}

type Parsed<S> = S extends z.ZodType ? z.infer<S> : undefined

/** Declares a route with the handler's input typed from its schemas. */
export function route<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
>(spec: {
  method: Route['method']
  path: string
  permission: Permission
  summary: string
  params?: P
  query?: Q
  body?: B
  response?: R
  handle: (input: RouteInput<Parsed<P>, Parsed<Q>, Parsed<B>>) => Promise<R extends z.ZodType ? z.input<R> | RawReply : unknown>
}): Route {
  return spec as unknown as Route
}
