import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  ResponseBodyError,
} from 'openid-client'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { OutgoingInit } from '../../platform/outgoing/outgoing.ts'
import { isLoopback } from '../../platform/tls/loopback.ts'
import type { FlowSecret } from './flow-secret.ts'
import { mergeClaims } from './merge-claims.ts'
import type { SsoProblem } from './schema.ts'
import type { KnownProvider } from './settings.ts'

const DISCOVERY_LIFE_MS = 10 * 60_000
const CLOCK_TOLERANCE_S = 30
const MAX_REPLY_BYTES = 1024 * 1024

export interface SsoClientDeps {
  /** The guarded way out (platform/outgoing). */
  readonly fetch: (url: string, init: OutgoingInit) => Promise<Response>
  readonly secretOf: (provider: KnownProvider) => string | undefined
  readonly clock: Clock
}

/** What a provider said, proved: signature, issuer, audience, time, nonce. The ID token's word goes before userinfo's. */
export interface ProvedClaims {
  readonly subject: string
  readonly claims: JsonObject
}

export interface SsoClient {
  /** Where to send the browser. @throws KanpekiError `sso_unreachable`. */
  authorizationUrl(provider: KnownProvider, redirectUri: string, flow: FlowSecret): Promise<string>
  /**
   * Changes the code that came back for proved claims.
   * @param answered the callback's address with the query as it came.
   * @throws KanpekiError with a code of SSO_PROBLEMS: `sso_unreachable`, `sso_refused`, `sso_invalid`.
   */
  claims(provider: KnownProvider, answered: URL, flow: FlowSecret): Promise<ProvedClaims>
  /** Asks for the provider's metadata anew. @throws KanpekiError `sso_unreachable`. */
  check(provider: KnownProvider): Promise<void>
}

export function createSsoClient(deps: SsoClientDeps): SsoClient {
  const known = new Map<string, { readonly updated: number; readonly until: number; readonly config: Configuration }>()

  async function discover(provider: KnownProvider): Promise<Configuration> {
    const issuer = new URL(provider.settings.issuer)
    const secret = deps.secretOf(provider)
    try {
      return await discovery(
        issuer,
        provider.settings.clientId,
        { [clockTolerance]: CLOCK_TOLERANCE_S },
        authentication(secret),
        {
          // Signatures are checked although TLS to the provider would do (OIDC Core §3.1.3.7): a proxy may stand between.
          execute: [enableNonRepudiationChecks, ...(isPlainLoopback(issuer) ? [allowInsecureRequests] : [])],
          [customFetch]: (url, { method, headers, body, redirect, signal }) =>
            deps.fetch(url, {
              method,
              headers,
              redirect,
              maxBytes: MAX_REPLY_BYTES,
              ...(body === undefined ? {} : { body: body as NonNullable<OutgoingInit['body']> }),
              ...(signal === undefined ? {} : { signal }),
            }),
        },
      )
    } catch (error) {
      throw problemFrom(error, 'sso_unreachable')
    }
  }

  async function configOf(provider: KnownProvider): Promise<Configuration> {
    const now = deps.clock.now()
    const entry = known.get(provider.id)
    if (entry !== undefined && entry.updated === provider.updated && entry.until > now) return entry.config
    const config = await discover(provider)
    known.set(provider.id, { updated: provider.updated, until: now + DISCOVERY_LIFE_MS, config })
    return config
  }

  return {
    async authorizationUrl(provider, redirectUri, flow) {
      const config = await configOf(provider)
      const url = buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        response_type: 'code',
        response_mode: 'query',
        scope: ['openid', ...provider.settings.scopes.filter((one) => one !== 'openid')].join(' '),
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
      })
      return url.href
    },

    async claims(provider, answered, flow) {
      const config = await configOf(provider)
      try {
        const tokens = await authorizationCodeGrant(config, answered, {
          expectedState: flow.state,
          expectedNonce: flow.nonce,
          pkceCodeVerifier: flow.verifier,
          idTokenExpected: true,
        })
        const proved = tokens.claims()
        if (proved === undefined) throw new KanpekiError('sso_invalid', 'The provider sent no ID token.')
        const more = needsMore(provider, proved as JsonObject, config)
          ? ((await fetchUserInfo(config, tokens.access_token, proved.sub)) as JsonObject)
          : {}
        return { subject: proved.sub, claims: mergeClaims(proved as JsonObject, more) }
      } catch (error) {
        throw problemFrom(error, 'sso_invalid')
      }
    },

    async check(provider) {
      known.delete(provider.id)
      await configOf(provider)
    },
  }
}

/** As the provider says that it takes it; form fields first, since not all of them undo Basic's escapes alike. */
function authentication(secret: string | undefined): ClientAuth {
  if (secret === undefined) return None()
  const post = ClientSecretPost(secret)
  const basic = ClientSecretBasic(secret)
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const chosen = methods.includes('client_secret_post') ? post : basic
    chosen(server, client, body, headers)
  }
}

function isPlainLoopback(issuer: URL): boolean {
  return issuer.protocol === 'http:' && isLoopback(issuer.hostname.replace(/^\[(.*)\]$/, '$1'))
}

/** Providers put what they like into the ID token; the rest is at userinfo. */
function needsMore({ settings }: KnownProvider, claims: JsonObject, config: Configuration): boolean {
  if (config.serverMetadata().userinfo_endpoint === undefined) return false
  const wanted = [settings.nameClaim, settings.groupsClaim, settings.provisioned?.claim, 'email', 'name']
  return wanted.some((claim) => typeof claim === 'string' && claims[claim] === undefined)
}

/** @param otherwise what it means where the error does not say. */
function problemFrom(error: unknown, otherwise: SsoProblem): KanpekiError {
  const [code, detail] = tellApart(error, otherwise)
  // Some details are sentences of their own.
  return new KanpekiError(code, `Signing in through the provider failed: ${detail.replace(/[.\s]+$/, '')}.`, { cause: error })
}

function tellApart(error: unknown, otherwise: SsoProblem): readonly [SsoProblem, string] {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof AuthorizationResponseError || at instanceof ResponseBodyError)
      return ['sso_refused', at.error.slice(0, 100)]
    if (at instanceof KanpekiError && at.code.startsWith('outgoing_')) return ['sso_unreachable', at.message]
    if (at instanceof KanpekiError && at.code.startsWith('sso_')) return [at.code as SsoProblem, at.message]
  }
  return [otherwise, messageOf(error).slice(0, 300)]
}
