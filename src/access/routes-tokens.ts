import { z } from 'zod'
import { KanpekiError } from '../kernel/error.ts'
import { type Caller, type Route, route } from '../platform/http/route.ts'
import { grantedBy } from './grants.ts'
import { deleteToken, listTokens } from './queries.ts'
import { type AccessDeps, adminEvidence } from './routes-deps.ts'
import { createdTokenSchema, type Grant, newTokenSchema, tokenSchema } from './schema.ts'
import type { TokensTable } from './tables.ts'
import { createToken } from './tokens.ts'

const DAY_MS = 86_400_000

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

/** Nobody makes a token that may do what they may not. */
function refuseBeyond(caller: Caller, grant: Grant): void {
  if (grant === 'scim' && caller.permissions.has('installation')) return
  const beyond = [...grantedBy(grant)].filter((one) => one !== 'installation' && !caller.permissions.has(one))
  if (beyond.length === 0) return
  throw new KanpekiError('forbidden', `${caller.name} may not make a token that allows ${beyond.join(', ')}.`, {
    remedy: 'Choose a narrower one, or ask an administrator.',
  })
}

/** API tokens of the caller's scope. */
export function tokenRoutes(deps: AccessDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/tokens',
      permission: 'tokens:read',
      summary: 'API tokens, newest first',
      response: z.object({ items: z.array(tokenSchema) }),
      handle: async ({ caller }) => ({ items: (await listTokens(deps.db, caller.scope)).map(tokenReply) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/tokens',
      permission: 'tokens:write',
      summary: 'Make an API token; it is told once',
      body: newTokenSchema,
      response: createdTokenSchema,
      handle: ({ body, caller }) =>
        deps.record(async (db) => {
          refuseBeyond(caller, body.scope)
          const now = deps.clock.now()
          const life = body.expiresInDays === undefined ? undefined : body.expiresInDays * DAY_MS
          const made = await createToken(
            db,
            {
              scope: caller.scope,
              name: body.name,
              grant: body.scope,
              owner: caller.account,
              ...(life === undefined ? {} : { life }),
            },
            now,
          )
          const created = new Date(now).toISOString()
          const expires = life === undefined ? null : new Date(now + life).toISOString()
          return {
            result: { ...made, name: body.name, scope: body.scope, created, lastUsed: null, expires },
            evidence: [adminEvidence(caller, now, 'token.create', { token: made.id, name: body.name, grants: body.scope })],
          }
        }),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/tokens/:id',
      permission: 'tokens:write',
      summary: 'Revoke an API token',
      params: z.object({ id: z.uuid() }),
      handle: ({ params, caller }) =>
        deps.record(async (db) => {
          if (!(await deleteToken(db, caller.scope, params.id))) throw new KanpekiError('not_found', 'There is no such token.')
          return {
            result: {},
            evidence: [adminEvidence(caller, deps.clock.now(), 'token.revoke', { token: params.id })],
          }
        }),
    }),
  ]
}
