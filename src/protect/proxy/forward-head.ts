import type { AnswerHead, ClientRequest } from './exchange.ts'
import { type HeaderLine, headerOf, listOf, valuesOf } from './http1/headers.ts'
import type { ParsedResponse } from './http1/response-head.ts'
import { isFraming } from './http1/write-head.ts'

/** What belongs to one hop only (RFC 9110 section 7.6.1), or says for whom a request comes, which is written anew. */
const NOT_FORWARDED = new Set([
  'connection',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  // What we tell the application must not come from others.
  'kanpeki-challenge',
  'kanpeki-leaked-password',
  'kanpeki-login-signals',
  'kanpeki-step-up',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
])

/** Other names for the client's address, which applications and CDNs read: only a trusted proxy may say them. */
const CLIENT_ADDRESS = new Set([
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'client-ip',
  'fastly-client-ip',
  'fly-client-ip',
  'true-client-ip',
  'x-azure-clientip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-original-forwarded-for',
  'x-originating-ip',
  'x-real-ip',
  'x-remote-addr',
  'x-remote-ip',
])

/** A client that names one of these in `Connection` wants it lost on the way: it stays. */
const NEVER_DROPPED = new Set(['authorization', 'cookie', 'content-type', 'content-encoding', 'origin', 'referer', 'user-agent'])

export interface ForwardedFrom {
  /** The client's address, as believed. */
  readonly client: string
  readonly isPeerTrusted: boolean
  /** For requests without a Host (HTTP/1.0). */
  readonly defaultHost: string
}

/** The head of the request as the application gets it; `framing` is its line, with its end. */
export function forwardedRequestHead(
  request: ClientRequest,
  from: ForwardedFrom,
  framing: string,
  upgrade: string | undefined,
): string {
  const { headers } = request
  const dropped = droppedBy(headers)
  const { target, authority } = originForm(request.target)
  const host = authority ?? (headerOf(headers, 'host') || from.defaultHost)
  let text = `${request.method} ${target} HTTP/1.1\r\nHost: ${host}\r\n`
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (isOurs(lower, from.isPeerTrusted) || dropped?.has(lower) === true) continue
    text += `${name}: ${value}\r\n`
  }
  const before = from.isPeerTrusted ? valuesOf(headers, 'x-forwarded-for').join(', ') : ''
  const chain = before === '' ? request.peer.address : `${before}, ${request.peer.address}`
  const proto = (from.isPeerTrusted ? headerOf(headers, 'x-forwarded-proto') : undefined) ?? (request.isTls ? 'https' : 'http')
  const outerHost = (from.isPeerTrusted ? headerOf(headers, 'x-forwarded-host') : undefined) ?? host
  text += `X-Forwarded-For: ${chain}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Host: ${outerHost}\r\n`
  const connection = upgrade === undefined ? 'Connection: keep-alive\r\n' : `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`
  return `${text}${framing}${connection}\r\n`
}

/**
 * True for what this hop alone may say. Names are compared as applications read them: to CGI and its heirs (PHP, WSGI, Rack),
 * `X_Forwarded_For` is `X-Forwarded-For`.
 */
function isOurs(lower: string, isPeerTrusted: boolean): boolean {
  const read = /[^a-z0-9-]/.test(lower) ? lower.replace(/[^a-z0-9]/g, '-') : lower
  if (NOT_FORWARDED.has(read)) return true
  return (read.startsWith('x-forwarded-') || CLIENT_ADDRESS.has(read)) && !(isPeerTrusted && read === lower)
}

/** The lower-case names that this hop must take out; undefined where there are none. */
function droppedBy(headers: readonly HeaderLine[]): Set<string> | undefined {
  const named = listOf(valuesOf(headers, 'connection')).filter((name) => name !== 'close' && name !== 'keep-alive')
  return named.length === 0 ? undefined : new Set(named.filter((name) => !NEVER_DROPPED.has(name)))
}

/** The authority of an absolute target rules over the Host header (RFC 9112 section 3.2.2). */
function originForm(target: string): { target: string; authority: string | undefined } {
  const found = /^https?:\/\/([^/?]+)(.*)$/is.exec(target)
  if (found === null) return { target, authority: undefined }
  const rest = found[2]!
  return { target: rest.startsWith('/') ? rest : `/${rest}`, authority: found[1]! }
}

const NOT_ANSWERED = new Set(['http2-settings', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'])

/** The application's head as the client gets it. */
export function forwardedAnswerHead(head: ParsedResponse): AnswerHead {
  const dropped = droppedBy(head.headers)
  const headers = head.headers.filter(([name]) => {
    const lower = name.toLowerCase()
    if (isFraming(lower) || NOT_ANSWERED.has(lower)) return false
    return dropped?.has(lower) !== true
  })
  return { status: head.status, reason: head.reason, headers, length: answerLength(head) }
}

/** In answers without a body (to HEAD, 304) the length is what the application said about the one left out. */
function answerLength(head: ParsedResponse): number | undefined {
  if (head.framing.kind === 'length') return head.framing.length
  if (head.framing.kind !== 'none') return undefined
  const said = headerOf(head.headers, 'content-length')
  return said === undefined ? undefined : Number(said)
}

/** The change of protocol a request asks for; undefined where it asks for none that is passed on. */
export function wantedUpgrade(request: ClientRequest): string | undefined {
  if (request.method !== 'GET' || request.protocol !== 'HTTP/1.1' || request.length !== 0) return undefined
  const upgrade = headerOf(request.headers, 'upgrade')
  if (upgrade === undefined || !listOf(valuesOf(request.headers, 'connection')).includes('upgrade')) return undefined
  return upgrade.toLowerCase() === 'websocket' ? 'websocket' : undefined
}
