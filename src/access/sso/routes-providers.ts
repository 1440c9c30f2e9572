import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { jsonText } from '../../platform/state/columns.ts'
import { isLoopback } from '../../platform/tls/loopback.ts'
import { refuseUnconfirmed } from '../confirm.ts'
import { checkGivenScopes } from '../given-roles.ts'
import { keepRoles } from '../keep-roles.ts'
import type { Db } from '../queries.ts'
import { adminEvidence } from '../routes-deps.ts'
import type { SsoClient } from './client.ts'
import type { SsoDeps } from './deps.ts'
import {
  accountsOnlyOf,
  countIdentities,
  deleteFederatedSessions,
  deleteProvider,
  findProvider,
  insertProvider,
  listProviders,
  updateProvider,
} from './queries.ts'
import {
  changedProviderSchema,
  newProviderSchema,
  providerCheckSchema,
  providerParamsSchema,
  providerSchema,
  providersSchema,
} from './schema.ts'
import { knownProvider, type ProviderSettings, providerReply, secretContext } from './settings.ts'
import type { ProvidersTable } from './tables.ts'

/** Providers of single sign-on, for the whole installation. Whoever adds one decides who signs in: it is asked again who that is. */
export function providerRoutes(deps: SsoDeps, client: SsoClient): Route[] {
  const reply = async (row: ProvidersTable, db: Db = deps.db) =>
    providerReply(row, (await countIdentities(db)).get(row.id) ?? 0, deps.origin())

  return [
    route({
      method: 'GET',
      path: '/api/v1/sso/providers',
      permission: 'installation',
      summary: 'Providers of single sign-on',
      response: providersSchema,
      handle: async () => {
        const counts = await countIdentities(deps.db)
        const rows = await listProviders(deps.db)
        return { items: rows.map((row) => providerReply(row, counts.get(row.id) ?? 0, deps.origin())) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/sso/providers',
      permission: 'installation',
      summary: 'Add a provider of single sign-on',
      body: newProviderSchema,
      response: providerSchema,
      handle: ({ body, caller }) =>
        deps.record(async (db) => {
          refuseUnconfirmed(caller, deps.clock.now())
          const { id, clientSecret, ...settings } = body
          checkIssuer(settings.issuer)
          await checkScopes(db, settings)
          if ((await findProvider(db, id)) !== undefined) {
            throw new KanpekiError('conflict', `There is a provider ${id} already.`, { place: { field: 'id' } })
          }
          const now = deps.clock.now()
          const secret = clientSecret === null ? null : deps.sealer.seal(clientSecret, secretContext(id))
          const row = { id, scope: DEFAULT_SCOPE, settings: jsonText(settings), secret, created: now, updated: now }
          await insertProvider(db, row)
          return {
            result: await reply(row, db),
            evidence: [adminEvidence(caller, now, 'sso.add', { provider: id, after: { ...settings, secret: secret !== null } })],
          }
        }),
    }),
    route({
      method: 'PATCH',
      path: '/api/v1/sso/providers/:id',
      permission: 'installation',
      summary: 'Change a provider; roles follow at the next sign-in',
      params: providerParamsSchema,
      body: changedProviderSchema,
      response: providerSchema,
      handle: ({ params, body, caller }) =>
        deps.record(async (db) => {
          refuseUnconfirmed(caller, deps.clock.now())
          const row = await existing(db, params.id)
          const { clientSecret, ...given } = body
          const before = knownProvider(row).settings
          const after = { ...before, ...withoutUndefined(given) }
          await checkScopes(db, after)
          const now = deps.clock.now()
          const changed: ProvidersTable = {
            ...row,
            settings: jsonText(after),
            secret: resealed(row, clientSecret, (plain) => deps.sealer.seal(plain, secretContext(row.id))),
            updated: Math.max(now, row.updated + 1),
          }
          await updateProvider(db, row.id, changed)
          return {
            result: await reply(changed, db),
            evidence: [
              adminEvidence(caller, now, 'sso.change', {
                provider: row.id,
                before: { ...before },
                after: { ...after },
                secretChanged: clientSecret !== undefined,
              }),
            ],
          }
        }),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/sso/providers/:id',
      permission: 'installation',
      summary: 'Remove a provider, its links, the roles it gave and the sessions it opened',
      params: providerParamsSchema,
      handle: ({ params, caller }) =>
        deps.record(async (db) => {
          refuseUnconfirmed(caller, deps.clock.now())
          const row = await existing(db, params.id)
          const now = deps.clock.now()
          const accounts = await accountsOnlyOf(db, row.id)
          for (const account of accounts) {
            await keepRoles(db, account, 'oidc', [], caller.name, now)
            await deleteFederatedSessions(db, account)
          }
          await deleteProvider(db, row.id)
          return {
            result: {},
            evidence: [adminEvidence(caller, now, 'sso.remove', { provider: row.id, accountsWithoutProvider: accounts.length })],
          }
        }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/sso/providers/:id/check',
      permission: 'installation',
      summary: 'Whether a provider answers as OpenID Connect asks',
      params: providerParamsSchema,
      response: providerCheckSchema,
      handle: async ({ params }) => {
        const provider = knownProvider(await existing(deps.db, params.id))
        try {
          await client.check(provider)
          return { ok: true, code: null, message: null }
        } catch (error) {
          if (!(error instanceof KanpekiError)) throw error
          return { ok: false, code: error.code, message: error.describe() }
        }
      },
    }),
  ]
}

async function existing(db: Db, id: string): Promise<ProvidersTable> {
  const row = await findProvider(db, id)
  if (row === undefined) throw new KanpekiError('not_found', 'There is no such provider.')
  return row
}

function checkIssuer(issuer: string): void {
  const url = new URL(issuer)
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new KanpekiError('invalid_issuer', 'An issuer is an address without query, fragment or password.', {
      place: { field: 'issuer' },
    })
  }
  if (url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))) return
  throw new KanpekiError('invalid_issuer', 'An issuer is reached by https; http serves on loopback alone.', {
    place: { field: 'issuer' },
  })
}

async function checkScopes(db: Db, settings: Pick<ProviderSettings, 'groups' | 'defaultRoles'>): Promise<void> {
  await checkGivenScopes(db, [...settings.defaultRoles, ...settings.groups.flatMap(({ roles }) => roles)])
}

/** Left out: it stays. Null: the client is public from now on. */
function resealed(row: ProvidersTable, given: string | null | undefined, seal: (plain: string) => string): string | null {
  if (given === undefined) return row.secret
  return given === null ? null : seal(given)
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
