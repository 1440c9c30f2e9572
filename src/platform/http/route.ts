import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'

/**
 * What a caller may do. Each route names exactly one; a test fails for a route without. `session` is any person signed in;
 * `installation` is what concerns every scope at once (TLS, single sign-on, scopes, configuration, backups).
 */
export const PERMISSIONS = [
  'public',
  'session',
  'ingest',
  'agent',
  'events:read',
  'alerts:read',
  'alerts:write',
  'alerts:approve',
  'incidents:read',
  'incidents:write',
  'playbooks:read',
  'playbooks:write',
  'playbooks:run',
  'playbooks:approve',
  'rules:read',
  'cards:read',
  'cards:write',
  'cards:approve',
  'samples:write',
  'artefacts:read',
  'artefacts:write',
  'ledger:read',
  'audit:read',
  'sources:read',
  'sources:write',
  'assets:read',
  'assets:write',
  'agents:read',
  'agents:write',
  'agents:respond',
  'connections:read',
  'connections:write',
  'access:read',
  'access:write',
  'tokens:read',
  'tokens:write',
  'metrics:read',
  'scim',
  'installation',
] as const
export type Permission = (typeof PERMISSIONS)[number]

/**
 * Whose requests are not made for our API: strangers follow links, agents may be newer than we are, SCIM has a protocol of
 * its own. They carry names of their own and repeat themselves in ways of their own.
 */
export const FOREIGN_PERMISSIONS: ReadonlySet<Permission> = new Set<Permission>(['public', 'agent', 'scim'])

/** In a list of scopes: every scope there is. */
export const EVERY_SCOPE = '*'

/** Who is calling, in the one scope that this request works in: `scope` limits every query the route makes. */
export interface Caller {
  readonly kind: 'person' | 'token' | 'agent' | 'anonymous'
  readonly id: string
  readonly name: string
  readonly scope: string
  /** The scopes it may ask for; `*` among them stands for all. */
  readonly scopes: readonly string[]
  /** A person's roles in this scope. */
  readonly roles: readonly string[]
  readonly permissions: ReadonlySet<Permission>
  /** The account that answers for what is done: the person's own, or the one that made the token. */
  readonly account: string | null
  /** What it sends is accounted for under this source, whatever else it says: an agent, or a token that is bound to a source. */
  readonly source?: string
  /** The span of the ledger it may read, by time of logging, milliseconds UTC; everything where absent. */
  readonly period?: { readonly from: number | null; readonly to: number | null }
  readonly session?: SessionFacts
}

/** How a person signed in. Times are milliseconds UTC. */
export interface SessionFacts {
  readonly id: string
  /** RFC 8176 method references: `pwd`, `otp`, `hwk` (a passkey), `rcv` (a recovery code, ours), `fed` (single sign-on, ours). */
  readonly methods: readonly string[]
  readonly since: number
  /** When the person last showed who they are; `since` where absent. */
  readonly confirmed?: number
  /** The emergency account. */
  readonly breakGlass?: boolean
  /** A second factor is demanded and none is set up: nothing but that is allowed. */
  readonly enrol?: boolean
}

export interface RouteInput<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly caller: Caller
  readonly request: IncomingMessage
  readonly signal: AbortSignal
}

/** A reply that is not JSON (an SVG, a tile, a download), or not 200 (a redirect). */
export class RawReply {
  readonly contentType: string
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>
  /** A list is sent as one header each (`set-cookie`). */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly status: number
  constructor(
    contentType: string,
    body: string | Uint8Array | AsyncIterable<string | Uint8Array>,
    headers: Readonly<Record<string, string | readonly string[]>> = {},
    status = 200,
  ) {
    this.contentType = contentType
    this.body = body
    this.headers = headers
    this.status = status
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
  /** How this route says what went wrong, where its protocol has a form of its own for that. */
  readonly sayProblem?: (problem: SaidProblem) => RawReply
  /** The handler reads the body from the request itself, whatever its type is, and keeps it within bounds. */
  readonly readsBody?: boolean
  readonly handle: (input: RouteInput<never, never, never>) => Promise<unknown>
}

export interface SaidProblem {
  /** HTTP status. */
  readonly status: number
  readonly code: string
  readonly detail: string
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
  sayProblem?: Route['sayProblem']
  readsBody?: boolean
  handle: (input: RouteInput<Parsed<P>, Parsed<Q>, Parsed<B>>) => Promise<R extends z.ZodType ? z.input<R> | RawReply : unknown>
}): Route {
  return spec as unknown as Route
}
