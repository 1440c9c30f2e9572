import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { Evidence } from '../kernel/evidence.ts'
import type { JsonObject } from '../kernel/json.ts'
import { type Caller, RawReply, type Route, route } from '../platform/http/route.ts'
import { cookieOf, SESSION_COOKIE, SESSION_IDLE_MS, SESSION_LIFE_MS } from './authenticate.ts'
import { checkPassword, createThrottle, useSetupLink } from './people.ts'
import { deleteExpiredSessions, deleteSession, deleteToken, findSetup, insertSession, listTokens } from './queries.ts'
import {
  createdTokenSchema,
  newTokenSchema,
  sessionSchema,
  setupQuerySchema,
  setupSchema,
  setupStatusSchema,
  signInSchema,
  tokenSchema,
} from './schema.ts'
import { hashSecret, newSecret } from './secret.ts'
import type { AccessTables, AccountsTable, TokensTable } from './tables.ts'
import { createToken } from './tokens.ts'

export interface AccessDeps {
  readonly db: Kysely<AccessTables>
  /** Runs `work` and the evidence it returns in one transaction. */
  readonly record: <T>(
    work: (db: Kysely<AccessTables>) => Promise<{ readonly result: T; readonly evidence: readonly Evidence[] }>,
  ) => Promise<T>
  readonly clock: Clock
  readonly organisation: string
  readonly version: string
  /** True where the page is reached by TLS: the cookie is then marked Secure. */
  readonly secure: boolean
}

const DAY_MS = 86_400_000

function evidence(type: 'signin' | 'admin', scope: string, now: number, body: JsonObject): Evidence {
  return { type, scope, observed: now, received: now, body }
}

function tokenReply(row: TokensTable): z.input<typeof tokenSchema> {
  const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
  return {
    id: row.id,
    name: row.name,
    scope: row.grants as z.input<typeof tokenSchema>['scope'],
    created: new Date(row.created).toISOString(),
    lastUsed: time(row.last_used),
    expires: time(row.expires),
  }
}

export function routes(deps: AccessDeps): Route[] {
  const throttle = createThrottle()

  const sessionOf = (caller: Pick<Caller, 'id' | 'name' | 'scope'>): z.infer<typeof sessionSchema> => ({
    user: { id: caller.id, name: caller.name, role: 'administrator' },
    organisation: deps.organisation,
    version: deps.version,
    scope: caller.scope,
  })

  const cookie = (value: string, seconds: number): string =>
    `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${deps.secure ? '; Secure' : ''}`

  async function openSession(db: Kysely<AccessTables>, account: AccountsTable): Promise<RawReply> {
    const now = deps.clock.now()
    const secret = newSecret()
    await deleteExpiredSessions(db, now, now - SESSION_IDLE_MS)
    await insertSession(db, {
      hash: hashSecret(secret),
      scope: account.scope,
      account_id: account.id,
      created: now,
      last_used: now,
      expires: now + SESSION_LIFE_MS,
    })
    return new RawReply('application/json; charset=utf-8', JSON.stringify(sessionOf(account)), {
      'set-cookie': cookie(secret, SESSION_LIFE_MS / 1000),
      'cache-control': 'no-store',
    })
  }

  return [
    route({
      method: 'GET',
      path: '/api/v1/setup',
      permission: 'public',
      summary: 'Whether a one-time set-up link still works',
      query: setupQuerySchema,
      response: setupStatusSchema,
      handle: async ({ query }) => ({ valid: await findSetup(deps.db, hashSecret(query.token), deps.clock.now()) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/setup',
      permission: 'public',
      summary: "Set the administrator's name and password, once",
      body: setupSchema,
      response: sessionSchema,
      handle: ({ body, caller }) =>
        deps.record(async (db) => {
          const now = deps.clock.now()
          const account = await useSetupLink(db, caller.scope, body.token, body.name, body.password, now)
          return {
            result: await openSession(db, account),
            evidence: [
              evidence('admin', account.scope, now, {
                action: 'account.create',
                account: account.id,
                name: account.name,
                role: account.role,
              }),
            ],
          }
        }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/session',
      permission: 'public',
      summary: 'Who is signed in',
      response: sessionSchema,
      handle: async ({ caller }) => {
        if (caller.kind === 'anonymous') throw new KanpekiError('unauthenticated', 'Nobody is signed in.')
        return sessionOf(caller)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/session',
      permission: 'public',
      summary: 'Sign in',
      body: signInSchema,
      response: sessionSchema,
      handle: async ({ body, request }) => {
        const key = `${request.socket.remoteAddress ?? ''} ${body.name}`
        const now = deps.clock.now()
        throttle.check(key, now)
        const account = await checkPassword(deps.db, body.name, body.password)
        const address = request.socket.remoteAddress ?? ''
        if (account === undefined) {
          throttle.failed(key, now)
          await deps.record(async () => ({
            result: undefined,
            evidence: [evidence('signin', 'default', now, { outcome: 'failure', name: body.name, address })],
          }))
          throw new KanpekiError('unauthenticated', 'Name or password is wrong.')
        }
        throttle.passed(key)
        return await deps.record(async (db) => ({
          result: await openSession(db, account),
          evidence: [
            evidence('signin', account.scope, now, { outcome: 'success', account: account.id, name: account.name, address }),
          ],
        }))
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/session',
      permission: 'session',
      summary: 'Sign out',
      handle: async ({ request }) => {
        const secret = cookieOf(request.headers, SESSION_COOKIE)
        if (secret !== undefined) await deleteSession(deps.db, hashSecret(secret))
        return new RawReply('application/json', '{}', { 'set-cookie': cookie('', 0) })
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/tokens',
      permission: 'admin',
      summary: 'API tokens, newest first',
      response: z.object({ items: z.array(tokenSchema) }),
      handle: async ({ caller }) => ({ items: (await listTokens(deps.db, caller.scope)).map(tokenReply) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/tokens',
      permission: 'admin',
      summary: 'Make an API token; it is told once',
      body: newTokenSchema,
      response: createdTokenSchema,
      handle: ({ body, caller }) =>
        deps.record(async (db) => {
          const now = deps.clock.now()
          const life = body.expiresInDays === undefined ? undefined : body.expiresInDays * DAY_MS
          const made = await createToken(db, caller.scope, body.name, body.scope, now, life)
          const created = new Date(now).toISOString()
          const expires = life === undefined ? null : new Date(now + life).toISOString()
          return {
            result: { ...made, name: body.name, scope: body.scope, created, lastUsed: null, expires },
            evidence: [
              evidence('admin', caller.scope, now, {
                action: 'token.create',
                token: made.id,
                name: body.name,
                grants: body.scope,
                by: caller.id,
              }),
            ],
          }
        }),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/tokens/:id',
      permission: 'admin',
      summary: 'Revoke an API token',
      params: z.object({ id: z.uuid() }),
      handle: ({ params, caller }) =>
        deps.record(async (db) => {
          if (!(await deleteToken(db, caller.scope, params.id))) throw new KanpekiError('not_found', 'There is no such token.')
          return {
            result: {},
            evidence: [
              evidence('admin', caller.scope, deps.clock.now(), { action: 'token.revoke', token: params.id, by: caller.id }),
            ],
          }
        }),
    }),
  ]
}
