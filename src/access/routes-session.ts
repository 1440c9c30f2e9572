import { KanpekiError } from '../kernel/error.ts'
import { RawReply, type Route, route } from '../platform/http/route.ts'
import { sessionSecretOf } from './authenticate.ts'
import { checkNewPassword } from './new-password.ts'
import { hashPassword } from './password.ts'
import { deleteSession, findAccount } from './queries.ts'
import { type AccessDeps, adminEvidence } from './routes-deps.ts'
import { sessionSchema, setupQuerySchema, setupSchema, setupStatusSchema } from './schema.ts'
import { hashSecret } from './secret.ts'
import { sessionCookie, sessionReply } from './session.ts'
import { FIRST_ROLES, setupGone, setupWorks, useSetupLink } from './setup.ts'
import { complete } from './sign-in/sign-in.ts'

/** Setting up, who is signed in, signing out. */
export function sessionRoutes(deps: AccessDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/setup',
      permission: 'public',
      summary: 'Whether a one-time set-up link still works',
      query: setupQuerySchema,
      response: setupStatusSchema,
      handle: async ({ query }) => ({ valid: await setupWorks(deps.db, query.token, deps.clock.now()) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/setup',
      permission: 'public',
      summary: "Set the administrator's name and password, once",
      body: setupSchema,
      response: sessionSchema,
      handle: async ({ body, caller, request }) => {
        const now = deps.clock.now()
        // Judging and hashing are dear: whoever has no link shall not make us do it.
        if (!(await setupWorks(deps.db, body.token, now))) throw setupGone()
        await checkNewPassword(deps, body.password, body)
        const password = await hashPassword(body.password)
        const signedIn = await deps.record(async (db) => {
          const made = await useSetupLink(db, caller.scope, body.token, body.name, password, now)
          const account = await findAccount(db, made.id)
          if (account === undefined) throw new KanpekiError('internal', 'The account was not made.')
          const { result, evidence } = await complete(deps, db, account, ['pwd'], request)
          const about = { account: account.id, name: account.name, roles: [...FIRST_ROLES] }
          return { result, evidence: [adminEvidence(account, now, 'account.create', about), ...evidence] }
        })
        return signedIn()
      },
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
      method: 'DELETE',
      path: '/api/v1/session',
      permission: 'session',
      summary: 'Sign out',
      handle: async ({ caller, request }) => {
        const secret = sessionSecretOf(request)
        if (secret !== undefined) {
          await deps.record(async (db) => {
            await deleteSession(db, hashSecret(secret))
            const about = { account: caller.id, session: caller.session?.id ?? '' }
            return { result: undefined, evidence: [adminEvidence(caller, deps.clock.now(), 'session.end', about)] }
          })
        }
        return new RawReply('application/json', '{}', {
          'set-cookie': sessionCookie(deps, '', 0),
          'clear-site-data': '"cache"',
          'cache-control': 'no-store',
        })
      },
    }),
  ]
}
