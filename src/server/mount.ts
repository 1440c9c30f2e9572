import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { KanpekiError } from '../kernel/error.ts'
import { type Caller, FOREIGN_PERMISSIONS, RawReply, type Route, type RouteInput } from '../platform/http/route.ts'
import { inputErrorOf } from './input-error.ts'
import { type InputError, PROBLEM_TYPE, type Problem, problem, problemOf } from './problem.ts'
import type { RateLimit } from './rate-limit.ts'
import { unknownNames } from './unknown-names.ts'

export interface MountDeps {
  /**
   * Who is calling; throws `unauthenticated` for a wrong credential, answers an anonymous caller for none. `looking`: only
   * whether that still holds, which is no use of a session.
   */
  authenticate(request: FastifyRequest['raw'], looking?: boolean): Promise<Caller>
  /** Refuses a cookie-borne write that a foreign page could have sent. */
  checkForgery(request: FastifyRequest['raw'], caller: Caller): void
  report(error: unknown, request: FastifyRequest['raw']): void
  /** Somebody tried what they may not: 401, 403 and 429, with the code, and who it was as far as that is known. */
  refused(code: string, request: FastifyRequest['raw'], caller: Caller | undefined): void
  /** Nothing is limited where absent. */
  readonly limit?: RateLimit
}

const REFUSALS: ReadonlySet<number> = new Set([401, 403, 429])

/** What an answer says of caches that says nothing else: also a refusal tells what only its reader may know (RFC 9111 §4.2.2). */
const NOT_KEPT = 'no-store'

class InvalidInput extends Error {
  readonly errors: readonly InputError[]
  constructor(errors: readonly InputError[]) {
    super('The request does not have the expected form.')
    this.errors = errors
  }
}

function parsed(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined
  const result = schema.safeParse(value)
  if (!result.success) throw new InvalidInput(result.error.issues.map(inputErrorOf))
  return result.data
}

/** What was meant and is misspelt must not be left out: without its `from`, an export holds everything. */
function refuseUnknown({ permission, method, query, body }: Route, request: FastifyRequest): void {
  if (FOREIGN_PERMISSIONS.has(permission)) return
  const asked = unknownNames(query ?? z.object({}), request.query)
  // Read by the authenticator, where links and EventSource can send no header.
  const names = [
    ...(method === 'GET' ? asked.filter((name) => name !== 'scope') : asked),
    ...(body === undefined ? [] : unknownNames(body, request.body)),
  ]
  if (names.length === 0) return
  throw new InvalidInput(names.map((path) => ({ path, message: 'This name is not known here.', code: 'unknown' })))
}

function problemFrom(error: unknown): Problem {
  if (!(error instanceof InvalidInput)) return problemOf(error)
  return { ...problem(400, 'invalid_input', error.message), errors: error.errors }
}

export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const body = problemFrom(error)
  if (body.status === 401) reply.header('www-authenticate', 'Bearer')
  reply.header('cache-control', NOT_KEPT)
  sayWhenAgain(reply, body.status, error)
  return reply.code(body.status).type(PROBLEM_TYPE).send(JSON.stringify(body))
}

/** RFC 6585 §4. */
function sayWhenAgain(reply: FastifyReply, status: number, error: unknown): void {
  const seconds = error instanceof KanpekiError ? error.retryAfter : undefined
  if (status === 429 || seconds !== undefined) reply.header('retry-after', String(seconds ?? 1))
}

/** Asked by supervisors and load balancers, which must not be told that the server is gone when others ask too much. */
const NOT_COUNTED: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** Who is calling, counted: a wrong credential counts for the network that sent it. */
async function admit(request: FastifyRequest['raw'], route: Route, deps: MountDeps): Promise<Caller> {
  const limit = NOT_COUNTED.has(route.path) ? undefined : deps.limit
  let caller: Caller
  try {
    caller = await deps.authenticate(request)
  } catch (error) {
    if (error instanceof KanpekiError && error.code === 'unauthenticated') limit?.stranger(request)
    throw error
  }
  limit?.known(caller, request)
  return caller
}

function sendRaw(reply: FastifyReply, { status, headers, contentType, body }: RawReply): FastifyReply {
  reply.header('cache-control', NOT_KEPT)
  for (const [name, value] of Object.entries(headers)) reply.header(name, typeof value === 'string' ? value : [...value])
  reply.code(status).type(contentType)
  return reply.send(typeof body === 'string' || body instanceof Uint8Array ? body : Readable.from(body, { objectMode: false }))
}

/** What strangers may make us hold: they sign in, accept an invitation or enrol. */
const STRANGERS_BODY = 256 * 1024
/** A body that took longer than this to come is no longer from somebody who is known to be allowed. */
const ALLOWED_MS = 2_000

/** How long after rights are gone an answer may go on. */
const LOOK_AGAIN_MS = 15_000

interface Allowed {
  readonly caller: Caller
  /** Milliseconds of the monotonic clock. */
  readonly at: number
}

/** Who is calling, if they may. @param known is told who it is before that is decided. */
async function allow(
  request: FastifyRequest['raw'],
  route: Route,
  deps: MountDeps,
  known: (caller: Caller) => void,
): Promise<Allowed> {
  const at = performance.now()
  const caller = await admit(request, route, deps)
  known(caller)
  if (!caller.permissions.has(route.permission)) {
    throw caller.kind === 'anonymous'
      ? new KanpekiError('unauthenticated', 'This needs a signed-in person or a token.', {
          remedy: 'Send Authorization: Bearer TOKEN.',
        })
      : new KanpekiError('forbidden', `${caller.name} may not do this: it needs the permission ${route.permission}.`)
  }
  // Other machines ask those (a witness of a log): they send no header of ours, and nothing depends on who they are.
  const byAnybody = route.permission === 'public' && route.readsBody === true
  if (route.method !== 'GET' && !byAnybody) deps.checkForgery(request, caller)
  return { caller, at }
}

/** What goes on for long (live changes, exports) ends when whoever asked for it may no longer have it. */
function endWithRights(
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  deps: MountDeps,
  closed: AbortController,
): void {
  const look = async (): Promise<void> => {
    const still = await deps.authenticate(request.raw, true).then(
      ({ permissions }) => permissions.has(route.permission),
      // A store that is busy for a moment takes nobody's rights.
      (error: unknown) => !(error instanceof KanpekiError && REFUSALS.has(problemOf(error).status)),
    )
    if (still) return
    closed.abort()
    reply.raw.destroy()
  }
  const timer = setInterval(() => void look(), LOOK_AGAIN_MS)
  reply.raw.once('close', () => clearInterval(timer))
}

/** Mounts a route: permission first, then the body and the input's form, then the handler; the reply is checked against its schema. */
export function mount(app: FastifyInstance, route: Route, deps: MountDeps): void {
  const callers = new WeakMap<FastifyRequest, Allowed>()
  const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply, caller: Caller | undefined): FastifyReply => {
    const { status, code, detail, errors } = problemFrom(error)
    if (status >= 500) deps.report(error, request.raw)
    if (REFUSALS.has(status)) deps.refused(code, request.raw, caller)
    if (route.sayProblem === undefined) return sendProblem(reply, error)
    const [first] = errors ?? []
    sayWhenAgain(reply, status, error)
    const where = first === undefined ? '' : ` ${first.path}: ${first.message}`
    return sendRaw(reply, route.sayProblem({ status, code, detail: `${detail ?? ''}${where}` }))
  }
  app.route({
    method: route.method,
    url: route.path,
    config: { readsBody: route.readsBody === true },
    ...(route.permission === 'public' ? { bodyLimit: STRANGERS_BODY } : {}),
    // Before the body is read, which would be held for whoever sends it.
    onRequest: async (request, reply) => {
      let caller: Caller | undefined
      try {
        callers.set(
          request,
          await allow(request.raw, route, deps, (known) => {
            caller = known
          }),
        )
      } catch (error) {
        return refuse(error, request, reply, caller)
      }
      return undefined
    },
    handler: async (request, reply) => {
      let caller: Caller | undefined
      const known = (one: Caller): void => {
        caller = one
      }
      try {
        const before = callers.get(request)
        if (before !== undefined) known(before.caller)
        const { caller: asks } =
          before !== undefined && performance.now() - before.at < ALLOWED_MS
            ? before
            : await allow(request.raw, route, deps, known)
        if (route.readsBody === true && request.body !== undefined && request.body !== null)
          throw new KanpekiError('invalid_input', 'The bytes are sent as application/octet-stream, not as JSON.')
        const closed = new AbortController()
        reply.raw.once('close', () => closed.abort())
        const input: RouteInput<unknown, unknown, unknown> = {
          params: parsed(route.params, request.params),
          query: parsed(route.query, request.query),
          body: parsed(route.body, request.body ?? {}),
          caller: asks,
          request: request.raw,
          signal: closed.signal,
        }
        refuseUnknown(route, request)
        const result = await route.handle(input as RouteInput<never, never, never>)
        if (result instanceof RawReply) {
          if (typeof result.body !== 'string' && !(result.body instanceof Uint8Array))
            endWithRights(request, reply, route, deps, closed)
          return sendRaw(reply, result)
        }
        reply.header('cache-control', NOT_KEPT).type('application/json; charset=utf-8')
        return reply.send(JSON.stringify(route.response === undefined ? (result ?? {}) : route.response.parse(result)))
      } catch (error) {
        return refuse(error, request, reply, caller)
      }
    },
  })
}
