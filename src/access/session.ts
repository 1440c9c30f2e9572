import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Kysely } from 'kysely'
import type { z } from 'zod'
import { type Caller, RawReply } from '../platform/http/route.ts'
import { jsonText } from '../platform/state/columns.ts'
import { SECURE_SESSION_COOKIE, SESSION_COOKIE, SESSION_IDLE_MS, SESSION_LIFE_MS } from './authenticate.ts'
import { personCaller } from './callers.ts'
import { deleteExpiredSessions, insertSession } from './queries.ts'
import { isRole } from './roles.ts'
import type { AccessDeps } from './routes-deps.ts'
import type { sessionSchema } from './schema.ts'
import { hashSecret, newSecret } from './secret.ts'
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
 * `methods` are those of SessionFacts. The reply carries the cookie.
 */
export async function openSession(
  deps: AccessDeps,
  db: Kysely<AccessTables>,
  account: Pick<Account, 'id' | 'name' | 'scope'>,
  methods: readonly string[],
  request: IncomingMessage,
): Promise<RawReply> {
  const { secret, caller } = await startSession(deps, db, account, methods, request)
  return new RawReply('application/json; charset=utf-8', JSON.stringify(sessionReply(deps, caller)), {
    'set-cookie': sessionCookie(deps, secret, SESSION_LIFE_MS / 1000),
    'cache-control': 'no-store',
  })
}

/** The same for replies of another form (a redirect). */
export async function startSession(
  deps: AccessDeps,
  db: Kysely<AccessTables>,
  account: Pick<Account, 'id' | 'name' | 'scope'>,
  methods: readonly string[],
  request: IncomingMessage,
): Promise<{ readonly secret: string; readonly caller: Caller }> {
  const now = deps.clock.now()
  const secret = newSecret()
  const id = randomUUID()
  await deleteExpiredSessions(db, now, now - SESSION_IDLE_MS)
  await insertSession(db, {
    hash: hashSecret(secret),
    scope: account.scope,
    id,
    account_id: account.id,
    methods: jsonText(methods),
    address: request.socket.remoteAddress ?? '',
    agent: (request.headers['user-agent'] ?? '').slice(0, AGENT_LENGTH),
    created: now,
    last_used: now,
    expires: now + SESSION_LIFE_MS,
  })
  return { secret, caller: await personCaller(db, account, { id, methods, since: now }, undefined) }
}
