import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { RawReply, type Route, route } from '../platform/http/route.ts'
import { sessionSecretOf } from './authenticate.ts'
import { checkPassword, createThrottle, FIRST_ROLES, useSetupLink } from './people.ts'
import { deleteSession, findSetup } from './queries.ts'
import { type AccessDeps, adminEvidence, signInEvidence } from './routes-deps.ts'
import { sessionSchema, setupQuerySchema, setupSchema, setupStatusSchema, signInSchema } from './schema.ts'
import { hashSecret } from './secret.ts'
import { openSession, sessionCookie, sessionReply } from './session.ts'

/** Setting up, signing in and out. */
export function sessionRoutes(deps: AccessDeps): Route[] {
  const throttle = createThrottle()
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
      handle: ({ body, caller, request }) =>
        deps.record(async (db) => {
          const now = deps.clock.now()
          const account = await useSetupLink(db, caller.scope, body.token, body.name, body.password, now)
          return {
            result: await openSession(deps, db, account, ['pwd'], request),
            evidence: [
              adminEvidence(account, now, 'account.create', { account: account.id, name: account.name, roles: [...FIRST_ROLES] }),
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
        return sessionReply(deps, caller)
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
            evidence: [signInEvidence(DEFAULT_SCOPE, now, { outcome: 'failure', name: body.name, address })],
          }))
          throw new KanpekiError('unauthenticated', 'Name or password is wrong.')
        }
        throttle.passed(key)
        return await deps.record(async (db) => ({
          result: await openSession(deps, db, account, ['pwd'], request),
          evidence: [
            signInEvidence(account.scope, now, { outcome: 'success', account: account.id, name: account.name, address }),
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
        const secret = sessionSecretOf(request)
        if (secret !== undefined) await deleteSession(deps.db, hashSecret(secret))
        return new RawReply('application/json', '{}', { 'set-cookie': sessionCookie(deps, '', 0) })
      },
    }),
  ]
}
