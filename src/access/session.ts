import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Kysely } from 'kysely'
import type { z } from 'zod'
import { KanpekiError } from '../kernel/error.ts'
import type { Caller, RawReply } from '../platform/http/route.ts'
import { jsonText } from '../platform/state/columns.ts'
import { SECURE_SESSION_COOKIE, SESSION_COOKIE } from './authenticate.ts'
import { personCaller } from './callers.ts'
import { jsonReply } from './json-reply.ts'
import { deleteExpiredSessions, insertSession, replaceSessionSecret } from './queries.ts'
import { isRole } from './roles.ts'
import type { AccessDeps } from './routes-deps.ts'
import type { sessionSchema } from './schema.ts'
import { hashSecret, newSecret } from './secret.ts'
import { addressOf } from './sign-in/address.ts'
import { remember } from './sign-in/known.ts'
import { touchAccount } from './sign-in/queries.ts'
import type { AccessTables, Account } from './tables.ts'

const AGENT_LENGTH = 200

/** What a page is told about whoever is signed in. */
export function sessionReply(deps: AccessDeps, caller: Caller): z.infer<typeof sessionSchema> {
  const { session } = caller
  return {
    user: { id: caller.id, name: caller.name, roles: caller.roles.filter(isRole) },
    organisation: deps.organisation,
    version: deps.version,
    scope: caller.scope,
    scopes: [...caller.scopes],
    permissions: [...caller.permissions].sort(),
    methods: [...(session?.methods ?? [])],
    next: session?.enrol === true ? 'enrol' : null,
    confirmed: session === undefined ? null : new Date(session.confirmed ?? session.since).toISOString(),
    breakGlass: session?.breakGlass === true,
  }
}

export function sessionCookie(deps: AccessDeps, value: string, seconds: number): string {
  const name = deps.secure ? SECURE_SESSION_COOKIE : SESSION_COOKIE
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${deps.secure ? '; Secure' : ''}`
}

/**
 * Signs a person in: a new secret each time, never one that the browser brought (session fixation).
 * `methods` are those of SessionFacts. The reply carries the cookies.
 */
export async function openSession(
  deps: AccessDeps,
  db: Kysely<AccessTables>,
  account: SigningIn,
  methods: readonly string[],
  request: IncomingMessage,
): Promise<RawReply> {
  const { cookies, caller } = await startSession(deps, db, account, methods, request)
  return sessionRawReply(deps, caller, cookies)
}

export function sessionRawReply(deps: AccessDeps, caller: Caller, cookies: readonly string[]): RawReply {
  return jsonReply(sessionReply(deps, caller), cookies)
}

export type SigningIn = Pick<Account, 'id' | 'name' | 'scope'> & Partial<Pick<Account, 'break_glass'>>

export interface StartedSession {
  readonly secret: string
  /** To be set: the session's, and the one by which this browser is known again. */
  readonly cookies: readonly string[]
  readonly caller: Caller
}

/** The same for replies of another form (a redirect). */
export async function startSession(
  deps: AccessDeps,
  db: Kysely<AccessTables>,
  account: SigningIn,
  methods: readonly string[],
  request: IncomingMessage,
): Promise<StartedSession> {
  const now = deps.clock.now()
  const secret = newSecret()
  const id = randomUUID()
  await deleteExpiredSessions(db, now, now - deps.policy.idleMs)
  await insertSession(db, {
    hash: hashSecret(secret),
    scope: account.scope,
    id,
    account_id: account.id,
    methods: jsonText(methods),
    address: addressOf(request),
    agent: (request.headers['user-agent'] ?? '').slice(0, AGENT_LENGTH),
    created: now,
    confirmed: now,
    last_used: now,
    expires: now + deps.policy.lifeMs,
  })
  await touchAccount(db, account.id, now)
  const device = await remember(db, account, request, deps.secure, now)
  const session = { id, methods, since: now, confirmed: now, breakGlass: account.break_glass === 1 }
  return {
    secret,
    cookies: [sessionCookie(deps, secret, deps.policy.lifeMs / 1000), device],
    caller: await personCaller(db, account, session, undefined, deps.policy),
  }
}

/**
 * Gives a session a new secret, after what it may do or how it was proved has changed: whoever held the old one is out
 * (OWASP Session Management, renewal after privilege change).
 * @param added methods by which the person has just shown who they are.
 */
export async function renewSession(
  deps: AccessDeps,
  db: Kysely<AccessTables>,
  caller: Caller,
  added: readonly string[],
): Promise<{ readonly cookies: readonly string[]; readonly caller: Caller }> {
  const { session } = caller
  if (session === undefined) throw new KanpekiError('unauthenticated', 'This needs a session.')
  const now = deps.clock.now()
  const secret = newSecret()
  const methods = [...new Set([...session.methods, ...added])]
  await replaceSessionSecret(db, session.id, {
    hash: hashSecret(secret),
    methods: jsonText(methods),
    confirmed: now,
    last_used: now,
  })
  const seconds = Math.floor((session.since + deps.policy.lifeMs - now) / 1000)
  const { enrol: _, ...facts } = session
  return {
    cookies: [sessionCookie(deps, secret, seconds)],
    caller: await personCaller(db, caller, { ...facts, methods, confirmed: now }, caller.scope, deps.policy),
  }
}
