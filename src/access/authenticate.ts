import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { Caller, SessionFacts } from '../platform/http/route.ts'
import { readJson } from '../platform/state/columns.ts'
import { ANONYMOUS, personCaller, tokenCaller } from './callers.ts'
import { DEFAULT_POLICY, type SessionPolicy } from './policy.ts'
import { type Db, findSession, findToken, touchSession, touchToken } from './queries.ts'
import { hashSecret } from './secret.ts'

export const SESSION_COOKIE = 'kanpeki_session'
/** Over TLS: browsers take it only with Secure, for this host alone, for every path (RFC 6265bis §4.1.3.2). */
export const SECURE_SESSION_COOKIE = '__Host-kanpeki_session'
const TOUCH_EVERY_MS = 60_000
/** A revoked token may work this long in a running server. */
const TOKEN_CACHE_MS = 2_000
const TOKEN_CACHE_SIZE = 1_000

/** Bearer, ApiKey and Splunk carry the token itself; Basic carries it as the password. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const [scheme = '', value = ''] = (headers.authorization ?? '').split(/\s+/, 2)
  switch (scheme.toLowerCase()) {
    case 'bearer':
    case 'splunk':
      return value
    case 'apikey':
      return unwrapApiKey(value)
    case 'basic':
      return passwordOf(value)
    default:
      return undefined
  }
}

/** Elasticsearch clients send base64(id:key); our own tokens hold no colon, so that either form is told apart. */
function unwrapApiKey(value: string): string {
  const decoded = passwordOf(value)
  return decoded === undefined || !decoded.startsWith('kpk_') ? value : decoded
}

function passwordOf(base64: string): string | undefined {
  const decoded = Buffer.from(base64, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  return colon < 0 ? undefined : decoded.slice(colon + 1)
}

export function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  for (const part of (headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2)
    if (key === name) return value
  }
  return undefined
}

/** The secret of a request's session: over TLS only a cookie that was set over TLS counts. */
export function sessionSecretOf(request: IncomingMessage): string | undefined {
  return cookieOf(request.headers, isEncrypted(request) ? SECURE_SESSION_COOKIE : SESSION_COOKIE)
}

export function isEncrypted(request: IncomingMessage): boolean {
  return 'encrypted' in request.socket && request.socket.encrypted === true
}

/** The scope that a request asks to work in. Links and EventSource can send no header. */
export function scopeAsked(request: IncomingMessage): string | undefined {
  const header = request.headers['x-kanpeki-scope']
  if (typeof header === 'string' && header !== '') return header
  const { method, url = '' } = request
  const mark = url.indexOf('?')
  if (mark < 0 || (method !== 'GET' && method !== 'HEAD')) return undefined
  const asked = new URLSearchParams(url.slice(mark)).getAll('scope')
  if (new Set(asked).size > 1) throw new KanpekiError('invalid_input', 'The request names two scopes.')
  return asked[0]
}

/** @param looking only whether it still holds: no use of a session or token is noted, so that it ends when it should. */
export type Authenticator = (request: IncomingMessage, looking?: boolean) => Promise<Caller>

/** A wrong credential is refused even where none is needed: a client that believes it is signed in must learn that it is not. */
export function createAuthenticator(db: Db, clock: Clock, policy: SessionPolicy = DEFAULT_POLICY): Authenticator {
  const cache = new Map<string, { readonly caller: Caller; readonly until: number }>()

  async function byToken(token: string, asked: string | undefined, looking: boolean): Promise<Caller> {
    const now = clock.now()
    const hash = hashSecret(token)
    const key = asked === undefined ? hash : `${hash} ${asked}`
    const known = cache.get(key)
    if (known !== undefined && known.until > now) return known.caller
    const row = await findToken(db, hash, now)
    if (row === undefined) {
      throw new KanpekiError('unauthenticated', 'This token is not known, or it has expired.', {
        remedy: "Make one with 'kanpeki token create'.",
      })
    }
    if (!looking && (row.last_used === null || now - row.last_used > TOUCH_EVERY_MS)) await touchToken(db, row.id, now)
    const caller = await tokenCaller(db, row, asked)
    if (cache.size >= TOKEN_CACHE_SIZE) cache.clear()
    cache.set(key, { caller, until: now + TOKEN_CACHE_MS })
    return caller
  }

  async function bySession(secret: string, asked: string | undefined, looking: boolean): Promise<Caller | undefined> {
    const now = clock.now()
    const hash = hashSecret(secret)
    const row = await findSession(db, hash, now, now - policy.idleMs)
    if (row === undefined) return undefined
    if (!looking && now - row.last_used > TOUCH_EVERY_MS) await touchSession(db, hash, now)
    const session: SessionFacts = {
      id: row.id,
      methods: readJson<string[]>(row.methods),
      since: row.created,
      confirmed: row.confirmed ?? row.created,
      breakGlass: row.break_glass === 1,
    }
    return await personCaller(db, { id: row.account_id, name: row.name }, session, asked, policy)
  }

  return async (request, looking = false) => {
    const asked = scopeAsked(request)
    const token = tokenOf(request.headers)
    if (token !== undefined && token !== '') return await byToken(token, asked, looking)
    const cookie = sessionSecretOf(request)
    return (cookie === undefined ? undefined : await bySession(cookie, asked, looking)) ?? ANONYMOUS
  }
}

/**
 * A cookie goes along with requests that foreign pages send; a custom header does not without our consent
 * (OWASP CSRF Prevention, custom request headers). Tokens are never sent by a browser on its
 * own, and what a browser sends is no agent's (machines/authenticate.ts).
 */
export function checkForgery(request: IncomingMessage, caller: Caller): void {
  if (caller.kind === 'token' || caller.kind === 'agent') return
  if (request.headers['x-kanpeki-csrf'] !== '1') {
    throw new KanpekiError('csrf', 'A write from a browser needs the header x-kanpeki-csrf: 1.')
  }
}
