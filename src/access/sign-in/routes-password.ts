import { KanpekiError } from '../../kernel/error.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { refuseUnconfirmed } from '../confirm.ts'
import { jsonReply } from '../json-reply.ts'
import { checkNewPassword } from '../new-password.ts'
import { hashPassword, verifyPassword } from '../password.ts'
import { changePasswordSchema, endedSchema } from '../people/schema.ts'
import { setPassword } from '../queries.ts'
import { type AccessDeps, adminEvidence } from '../routes-deps.ts'
import { renewSession } from '../session.ts'
import { endSessions } from '../sessions/queries.ts'
import { ownAccount, wrongPassword } from './confirm.ts'
import { remember } from './known.ts'
import { forgetMarksOf } from './queries.ts'
import { countTry, refuse } from './sign-in.ts'
import { passed } from './throttle.ts'

/** Changing the own password. Whoever was signed in elsewhere, or known by a browser, has to sign in anew. */
export function passwordRoutes(deps: AccessDeps): Route[] {
  return [
    route({
      method: 'PUT',
      path: '/api/v1/me/password',
      permission: 'session',
      summary: 'Change the own password; every other session ends',
      body: changePasswordSchema,
      response: endedSchema,
      handle: async ({ caller, body, request }) => {
        const now = deps.clock.now()
        const account = await ownAccount(deps.db, caller)
        if (account.origin !== 'local') {
          throw new KanpekiError('conflict', 'The identity provider keeps the password of this account.', {
            remedy: 'Change it there.',
          })
        }
        await checkNewPassword(deps, body.password, account)
        if (account.password === '') refuseUnconfirmed(caller, now)
        else {
          const attempt = await countTry(deps, 'password', account.name, account.id, request)
          if (!(await verifyPassword(body.current, account.password))) {
            await refuse(deps, { outcome: 'failure', account, methods: ['pwd'], reason: 'changing the password', request })
            throw wrongPassword()
          }
          await deps.record(async (db) => ({ result: await passed(db, attempt), evidence: [] }))
        }
        const hash = await hashPassword(body.password)
        return await deps.record(async (db) => {
          await setPassword(db, account.id, hash)
          const ended = await endSessions(db, account.id, caller.session?.id)
          await forgetMarksOf(db, account.id)
          const device = await remember(db, account, request, deps.secure, now)
          const { cookies } = await renewSession(deps, db, caller, ['pwd'])
          return {
            result: jsonReply({ ended }, [...cookies, device]),
            evidence: [adminEvidence(caller, now, 'password.change', { account: account.id, ended })],
          }
        })
      },
    }),
  ]
}
