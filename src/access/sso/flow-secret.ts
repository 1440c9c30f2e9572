import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { cookieOf } from '../authenticate.ts'
import { hashSecret, newSecret } from '../secret.ts'

export const FLOW_LIFE_MS = 10 * 60_000
const FLOW_ID = /^[0-9a-f]{16}$/

/** What binds one sign-in to one browser. All three are made from the cookie's secret, so that we keep but its hash. */
export interface FlowSecret {
  readonly id: string
  readonly secret: string
  /** OAuth's `state`: the flow's id and a proof that needs the secret. */
  readonly state: string
  readonly nonce: string
  /** PKCE's code verifier (RFC 7636 §4.1: 43 characters). */
  readonly verifier: string
}

export function newFlowSecret(): FlowSecret {
  return flowSecret(randomBytes(8).toString('hex'), newSecret())
}

function flowSecret(id: string, secret: string): FlowSecret {
  const derive = (what: string): string => createHmac('sha256', secret).update(`${what} ${id}`).digest('base64url')
  return { id, secret, state: `${id}.${derive('state')}`, nonce: derive('nonce'), verifier: derive('verifier') }
}

/** One cookie a flow, so that two tabs do not take each other's. Lax: the provider sends the browser back to us. */
export function flowCookie(flow: FlowSecret, secure: boolean): string {
  const life = `Max-Age=${FLOW_LIFE_MS / 1000}; HttpOnly; SameSite=Lax`
  return secure
    ? `${cookieName(flow.id, true)}=${flow.secret}; Path=/; ${life}; Secure`
    : `${cookieName(flow.id, false)}=${flow.secret}; Path=/api/v1/sso; ${life}`
}

function cookieName(id: string, secure: boolean): string {
  return `${secure ? '__Host-' : ''}kanpeki_sso_${id}`
}

/** The flow that a callback belongs to, if this browser began it. */
export function flowOf(request: IncomingMessage, state: string | undefined, secure: boolean): FlowSecret | undefined {
  const id = state?.split('.', 1)[0] ?? ''
  if (state === undefined || !FLOW_ID.test(id)) return undefined
  const secret = cookieOf(request.headers, cookieName(id, secure))
  if (secret === undefined) return undefined
  const flow = flowSecret(id, secret)
  // Hashed first: both have one length then, and time tells nothing.
  return timingSafeEqual(Buffer.from(hashSecret(flow.state)), Buffer.from(hashSecret(state))) ? flow : undefined
}
