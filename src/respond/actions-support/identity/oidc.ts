import { KanpekiError } from '../../../kernel/error.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { basic, callJson, type JsonCall, textAt, under } from '../call.ts'
import type { IdentityProvider } from './identity-provider.ts'

type Call = (
  parts: readonly string[],
  what: Pick<JsonCall, 'method' | 'signal' | 'also'> & { readonly query?: Readonly<Record<string, string>> },
) => Promise<{ readonly status: number; readonly json: unknown }>

/** How a provider's own interface ends sessions: OpenID Connect has no way for somebody other than the person or their application. */
interface Dialect {
  /** The place that the parts of a path are below. */
  readonly base: (issuer: string, api: string | undefined) => string
  readonly scope?: string
  readonly provider: (call: Call) => Omit<IdentityProvider, 'name'>
}

const DIALECTS: Readonly<Record<'keycloak' | 'okta' | 'entra', Dialect>> = {
  /** Admin REST API: a client with the roles `view-users` and `manage-users` of `realm-management`. */
  keycloak: {
    base: (issuer, api) => api ?? issuer.replace(/\/realms\/([^/]+)\/?$/, '/admin/realms/$1'),
    provider: (call) => ({
      async find(account, signal) {
        const { json } = await call(['users'], { method: 'GET', signal, query: { username: account, exact: 'true', max: '2' } })
        return only(json, account, 'username')
      },
      async count(id, signal) {
        const { json } = await call(['users', id, 'sessions'], { method: 'GET', signal })
        return Array.isArray(json) ? json.length : undefined
      },
      async end(id, signal) {
        await call(['users', id, 'logout'], { method: 'POST', signal })
      },
    }),
  },
  /** Users API with OAuth for Okta: the scopes `okta.users.read` and `okta.users.manage`. */
  okta: {
    base: (issuer, api) => api ?? new URL('/api/v1', issuer).href,
    scope: 'okta.users.read okta.users.manage',
    provider: (call) => ({
      async find(account, signal) {
        const { status, json } = await call(['users', account], { method: 'GET', signal, also: [404] })
        return status === 404 ? undefined : textAt(json, 'id')
      },
      count: async () => undefined,
      async end(id, signal) {
        await call(['users', id, 'sessions'], { method: 'DELETE', signal, query: { oauthTokens: 'true' } })
      },
    }),
  },
  /** Microsoft Graph 1.0: the application permissions `User.Read.All` and `User.RevokeSessions.All`. */
  entra: {
    base: (_, api) => api ?? 'https://graph.microsoft.com/v1.0',
    scope: 'https://graph.microsoft.com/.default',
    provider: (call) => ({
      async find(account, signal) {
        const { status, json } = await call(['users', account], { method: 'GET', signal, also: [404] })
        return status === 404 ? undefined : textAt(json, 'id')
      },
      count: async () => undefined,
      async end(id, signal) {
        await call(['users', id, 'revokeSignInSessions'], { method: 'POST', signal })
      },
    }),
  },
}

/**
 * Sessions at an OpenID Connect provider: signed in as a client of its own (RFC 6749 §4.4, found by OpenID Connect Discovery),
 * and ended by the provider's interface for administrators.
 */
export function oidcProvider(
  outgoing: Outgoing,
  { name, settings, secrets }: Pick<ConnectionOf<'oidc'>, 'name' | 'settings' | 'secrets'>,
): IdentityProvider {
  const { issuer, api, kind, client } = settings
  const dialect = DIALECTS[kind]
  const tokenOf = async (signal: AbortSignal): Promise<string> => {
    const { json: found } = await callJson(outgoing, under(issuer, ['.well-known', 'openid-configuration']), {
      method: 'GET',
      signal,
    })
    const endpoint = URL.parse(textAt(found, 'token_endpoint') ?? '')
    // A secret goes to the provider that was entered, and to nobody that its answer names.
    if (textAt(found, 'issuer')?.replace(/\/$/, '') !== issuer.replace(/\/$/, '') || endpoint === null)
      throw new KanpekiError('service_refused', `${name} says that it is another provider.`, {
        remedy: 'Look at the issuer of this connection.',
      })
    if (endpoint.origin !== new URL(issuer).origin)
      throw new KanpekiError('service_refused', `${name} names a token endpoint at ${endpoint.host}, which is another place.`)
    const reply = await outgoing.fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: basic(encodeURIComponent(client), encodeURIComponent(secrets.secret)),
        accept: 'application/json',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(dialect.scope === undefined ? {} : { scope: dialect.scope }),
      }),
      redirect: 'manual',
      signal,
      maxBytes: 256 * 1024,
    })
    const token = reply.ok ? textAt(await reply.json().catch(() => undefined), 'access_token') : undefined
    if (token === undefined)
      throw new KanpekiError('service_refused', `${name} does not let this client sign in (${reply.status}).`, {
        remedy: 'Look at the client’s secret, and whether it may use client credentials.',
      })
    return token
  }
  const call: Call = async (parts, { query = {}, ...what }) =>
    await callJson(outgoing, under(dialect.base(issuer, api), parts, query), {
      ...what,
      headers: { authorization: `Bearer ${await tokenOf(what.signal)}` },
    })
  return { name, ...dialect.provider(call) }
}

/** The only one of exactly this name: a server that leaves out the filter would answer with anybody. */
function only(json: unknown, account: string, field: string): string | undefined {
  const all: readonly unknown[] = Array.isArray(json) ? json : []
  const fit = all.filter((one) => textAt(one, field)?.toLowerCase() === account.toLowerCase())
  if (fit.length > 1) throw new KanpekiError('account_ambiguous', 'The provider has several people of this name.')
  return textAt(fit[0], 'id')
}
