import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Configuration, Provider } from 'oidc-provider'
import type { JsonObject } from '../../../kernel/json.ts'

/** A person at the provider. */
export interface TestPerson {
  readonly sub: string
  readonly [claim: string]: string | boolean | readonly string[]
}

export interface TestClient {
  readonly id: string
  readonly secret: string
  readonly redirectUris: readonly string[]
  /** Signs in as itself (RFC 6749 §4.4), and is let in to the administrators' interface. */
  readonly machine?: boolean
}

/** The npm oidc-provider on loopback. Whoever is `signedIn` there consents to everything at once. */
export interface IdentityProvider {
  readonly issuer: string
  /** Who sits before the provider's page; null presses cancel. */
  signedIn: TestPerson | null
  /** Signs claims with the provider's own key, as if it had said them. */
  sign(claims: JsonObject, header?: JsonObject): string
  stop(): Promise<void>
}

const KEY_ID = 'test'

/**
 * @param options.host the name in the issuer: `localhost` is another site than 127.0.0.1 to a browser.
 * @param options.asks shows a page with a button before it goes on, as people see one.
 */
export async function startIdentityProvider(
  clients: readonly TestClient[],
  options: { readonly host?: string; readonly asks?: boolean } = {},
): Promise<IdentityProvider> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://${options.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const people = new Map<string, TestPerson>()
  const self: IdentityProvider = {
    issuer,
    signedIn: null,
    sign: (claims, header = {}) => jwt({ alg: 'RS256', kid: KEY_ID, typ: 'JWT', ...header }, claims, privateKey),
    stop: () => closed(server),
  }
  const provider = new Provider(issuer, configuration(clients, privateKey, people))
  const administrate = administration(provider)
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/admin/') === true) {
      administrate(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
      return
    }
    if (request.url?.startsWith('/interaction/') !== true) {
      provider.callback()(request, response)
      return
    }
    if (options.asks === true && !request.url.endsWith('/done')) {
      response.setHeader('content-type', 'text/html')
      response.end(
        `<!doctype html><link rel="icon" href="data:,"><title>Provider</title><a href="${request.url}/done">Continue</a>`,
      )
      return
    }
    const person = self.signedIn
    if (person !== null) people.set(person.sub, person)
    const result =
      person === null ? { error: 'access_denied', error_description: 'cancelled' } : { login: { accountId: person.sub } }
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false }).catch((error: unknown) => {
      response.statusCode = 500
      response.end(String(error))
    })
  })
  return self
}

function configuration(clients: readonly TestClient[], key: KeyObject, people: ReadonlyMap<string, TestPerson>): Configuration {
  return {
    clients: clients.map(({ id, secret, redirectUris, machine = false }) => ({
      client_id: id,
      client_secret: secret,
      redirect_uris: [...redirectUris],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      ...(machine ? { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] } : {}),
    })),
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', alg: 'RS256' }] } as NonNullable<
      Configuration['jwks']
    >,
    cookies: { keys: ['for tests alone'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: { ClientCredentials: 60, Session: 1, Interaction: 60, Grant: 60, AccessToken: 60, IdToken: 60, AuthorizationCode: 60 },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: async () => ({ ...people.get(sub), sub }) }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client!.clientId,
        accountId: ctx.oidc.session!.accountId!,
      })
      grant.addOIDCScope('openid profile email groups')
      await grant.save()
      return grant
    },
  }
}

interface OpenSession {
  readonly account: string
  readonly session: string
  readonly grant: string
}

/** What administrators end sessions by, in the shape of Keycloak's; what is ended is the provider's own session, with its grant and tokens. */
function administration(provider: Provider): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const open = new Map<string, OpenSession>()
  provider.on('authorization_code.saved', ({ accountId, sessionUid, grantId }) => {
    if (accountId !== undefined && sessionUid !== undefined && grantId !== undefined)
      open.set(sessionUid, { account: accountId, session: sessionUid, grant: grantId })
  })
  return async (request, response) => {
    const answer = (status: number, body?: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(body === undefined ? '' : JSON.stringify(body))
    const token = await provider.ClientCredentials.find((request.headers.authorization ?? '').replace(/^Bearer /, ''))
    if (token === undefined) return answer(401)
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x')
    const [, id, what] = /\/users(?:\/([^/]+)\/(sessions|logout))?$/.exec(pathname) ?? []
    const all = [...open.values()]
    if (id === undefined) {
      const names = [...new Set(all.map(({ account }) => account))].filter((one) => one === searchParams.get('username'))
      return answer(
        200,
        names.map((username) => ({ id: username, username })),
      )
    }
    const own = all.filter(({ account }) => account === decodeURIComponent(id))
    if (what === 'sessions') return answer(200, own)
    for (const { session, grant } of own) {
      await (await provider.Session.findByUid(session))?.destroy()
      await provider.AccessToken.revokeByGrantId(grant)
      await provider.AuthorizationCode.revokeByGrantId(grant)
      await (await provider.Grant.find(grant))?.destroy()
      open.delete(session)
    }
    answer(204)
  }
}

/** A JSON Web Token; `alg: none` signs nothing. */
export function jwt(header: JsonObject, claims: JsonObject, key: KeyObject): string {
  const part = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part(header)}.${part(claims)}`
  if (header['alg'] === 'none') return `${signed}.`
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key).toString('base64url')}`
}

export function claimsOf(token: string): JsonObject {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as JsonObject
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

/** Follows redirects as a browser would, with cookies, until one leads to `stopAt`. */
export async function browse(from: string, stopAt: string): Promise<URL> {
  const jar = new Map<string, string>()
  let url = from
  for (let hop = 0; hop < 12; hop++) {
    if (url.startsWith(stopAt)) return new URL(url)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of reply.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split(/=(.*)/s)
      jar.set(name, value)
    }
    const location = reply.headers.get('location')
    if (location === null)
      throw new Error(
        `${url} ended with ${reply.status}: ${(await reply.text())
          .replace(/<style>.*<.style>|<[^>]*>/gs, ' ')
          .replace(/\s+/g, ' ')
          .slice(0, 500)}`,
      )
    url = new URL(location, url).href
    // The page that asks, where there is one, is answered.
    if (new URL(url).pathname.startsWith('/interaction/')) url += '/done'
  }
  throw new Error(`${from} never came to ${stopAt}`)
}
