import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, RawReply, type Route, route } from '../../platform/http/route.ts'
import { refuseUnconfirmed } from '../confirm.ts'
import { findAccount } from '../queries.ts'
import { adminEvidence } from '../routes-deps.ts'
import type { SsoClient } from './client.ts'
import type { SsoDeps } from './deps.ts'
import { localPath } from './local-path.ts'
import { deleteIdentity, identitiesOf, listProviders } from './queries.ts'
import { beginFlow, enabledProvider } from './routes-sign-in.ts'
import { identitiesSchema, identityParamsSchema, providerParamsSchema, startQuerySchema } from './schema.ts'
import { knownProvider } from './settings.ts'

/** A person's own links to providers. */
export function identityRoutes(deps: SsoDeps, client: SsoClient): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/sso/identities',
      permission: 'session',
      summary: "The signed-in person's links to providers",
      response: identitiesSchema,
      handle: async ({ caller }) => {
        const titles = new Map((await listProviders(deps.db)).map((row) => [row.id, knownProvider(row).settings.title]))
        const rows = await identitiesOf(deps.db, ownAccount(caller))
        return {
          items: rows.map((row) => ({
            id: row.id,
            provider: { id: row.provider, title: titles.get(row.provider) ?? { en: row.provider, ja: row.provider } },
            name: row.name,
            created: new Date(row.created).toISOString(),
            lastUsed: row.last_used === null ? null : new Date(row.last_used).toISOString(),
          })),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/sso/:id/link',
      permission: 'session',
      summary: 'Begin to link an account of a provider to the signed-in person',
      params: providerParamsSchema,
      query: startQuerySchema,
      handle: async ({ params, query, caller }) => {
        const account = await findAccount(deps.db, ownAccount(caller))
        if (account === undefined || caller.session === undefined) {
          throw new KanpekiError('forbidden', 'Only a signed-in person links an account.')
        }
        if (account.break_glass === 1) {
          throw new KanpekiError('forbidden', 'A break-glass account stays independent of every provider.')
        }
        refuseUnconfirmed(caller, deps.clock.now())
        const provider = await enabledProvider(deps.db, params.id)
        const link = { account: account.id, session: caller.session.id }
        const { url, cookie } = await beginFlow(deps, client, provider, localPath(query.to), link)
        return new RawReply('application/json; charset=utf-8', JSON.stringify({ url }), {
          'set-cookie': cookie,
          'cache-control': 'no-store',
        })
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/sso/identities/:id',
      permission: 'session',
      summary: 'Take back a link to a provider',
      params: identityParamsSchema,
      handle: ({ params, caller }) =>
        deps.record(async (db) => {
          const gone = await deleteIdentity(db, ownAccount(caller), params.id)
          if (gone === undefined) throw new KanpekiError('not_found', 'There is no such link of yours.')
          return {
            result: {},
            evidence: [
              adminEvidence(caller, deps.clock.now(), 'account.unlink', { provider: gone.provider, subject: gone.subject }),
            ],
          }
        }),
    }),
  ]
}

function ownAccount(caller: Caller): string {
  if (caller.kind !== 'person') throw new KanpekiError('forbidden', 'This is about a person; a token has no links.')
  return caller.id
}
