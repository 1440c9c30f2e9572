import { z } from 'zod'
import { KanpekiError } from '../kernel/error.ts'
import { type Caller, type Route, route } from '../platform/http/route.ts'
import { refuseUnconfirmed } from './confirm.ts'
import { grantedBy, isGrant } from './grants.ts'
import { deleteToken, findTokenById, listTokens, setAuditPeriod } from './queries.ts'
import { type AccessDeps, adminEvidence } from './routes-deps.ts'
import { type auditPeriod, createdTokenSchema, type Grant, newTokenSchema, rotateTokenSchema, tokenSchema } from './schema.ts'
import type { TokensTable } from './tables.ts'
import { DEFAULT_TOKEN_LIFE, tokenLife } from './token-life.ts'
import { createToken, rotateToken, tokenReply } from './tokens.ts'

const HOUR_MS = 3_600_000

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

export function periodRow({ from, to }: z.infer<typeof auditPeriod>): { from_at: number | null; to_at: number | null } {
  return { from_at: from === null ? null : Date.parse(from), to_at: to === null ? null : Date.parse(to) }
}

/**
 * Nobody makes a token, or gets at the secret of one, that may do what they may not; one that may change who comes in
 * asks again who it is.
 */
function refuseBeyond(caller: Caller, grant: Grant, now: number): void {
  if (grant === 'admin' || grant === 'scim') refuseUnconfirmed(caller, now)
  if (grant === 'scim' && caller.permissions.has('installation')) return
  // `installation` comes with the account that answers for the token, or not at all.
  const beyond = [...grantedBy(grant)].filter((one) => one !== 'installation' && !caller.permissions.has(one))
  if (beyond.length === 0) return
  throw new KanpekiError('forbidden', `${caller.name} may not make a token that allows ${beyond.join(', ')}.`, {
    remedy: 'Choose a narrower one, or ask an administrator.',
  })
}

/**
 * The former secret goes on as the token does, and whoever rotates answers for that from now on: it would do in its holder's
 * hands what they may do, and outlive the holder's account. What an ingest token does depends on nobody.
 */
function refuseForeignOverlap(caller: Caller, { owner, grants }: TokensTable, hours: number): void {
  if (hours === 0 || grants === 'ingest' || owner === null || owner === caller.account) return
  throw new KanpekiError(
    'token_overlap',
    'The former secret of somebody else’s token cannot stay good: it would do what you may do.',
    {
      place: { field: 'overlapHours' },
      remedy: 'Rotate it without overlap, or make a token of your own and revoke this one when the machines have it.',
    },
  )
}

/** API tokens of the caller's scope. */
export function tokenRoutes(deps: AccessDeps): Route[] {
  const life = deps.tokenLife ?? DEFAULT_TOKEN_LIFE
  return [
    route({
      method: 'GET',
      path: '/api/v1/tokens',
      permission: 'tokens:read',
      summary: 'API tokens, newest first',
      response: z.object({ items: z.array(tokenSchema) }),
      handle: async ({ caller }) => {
        const now = deps.clock.now()
        return { items: (await listTokens(deps.db, caller.scope)).map((row) => tokenReply(row, now)) }
      },
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
          const now = deps.clock.now()
          refuseBeyond(caller, body.scope, now)
          if (body.source !== undefined && body.scope !== 'ingest')
            throw new KanpekiError('token_source', 'Only a token that sends events can be bound to a source.', {
              place: { field: 'source' },
            })
          if (body.period !== undefined && body.scope !== 'audit')
            throw new KanpekiError('token_period', 'Only a token for an audit is limited to a period.', {
              place: { field: 'period' },
            })
          const lasts = tokenLife(body.scope, body.expiresInDays, life)
          const { row, token } = await createToken(
            db,
            {
              scope: caller.scope,
              name: body.name,
              grant: body.scope,
              owner: caller.account,
              ...(lasts === undefined ? {} : { life: lasts }),
              ...(body.source === undefined ? {} : { source: `http:${body.source}` }),
            },
            now,
          )
          const { id, name, grants, source, expires } = row
          if (body.period !== undefined) await setAuditPeriod(db, { holder: id, scope: caller.scope, ...periodRow(body.period) })
          return {
            result: { ...tokenReply(row, now), token },
            evidence: [
              adminEvidence(caller, now, 'token.create', {
                token: id,
                name,
                grants,
                source,
                until: time(expires),
                ...(body.period === undefined ? {} : { period: body.period }),
              }),
            ],
          }
        }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/tokens/:id/rotate',
      permission: 'tokens:write',
      summary: 'Give a token a new secret, told once; the one before stays good for the overlap',
      params: z.object({ id: z.uuid() }),
      body: rotateTokenSchema,
      response: createdTokenSchema,
      handle: ({ params, body, caller }) =>
        deps.record(async (db) => {
          const now = deps.clock.now()
          const row = await findTokenById(db, caller.scope, params.id)
          if (row === undefined || !isGrant(row.grants) || (row.expires !== null && row.expires <= now))
            throw new KanpekiError('not_found', 'There is no such token, or it has expired.')
          refuseBeyond(caller, row.grants, now)
          refuseForeignOverlap(caller, row, body.overlapHours)
          const rotated = await rotateToken(db, row, row.grants, caller.account, body.overlapHours * HOUR_MS, now)
          const { id, name, owner, old_until: until } = rotated.row
          return {
            result: { ...tokenReply(rotated.row, now), token: rotated.token },
            evidence: [adminEvidence(caller, now, 'token.rotate', { token: id, name, owner, formerSecretUntil: time(until) })],
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
