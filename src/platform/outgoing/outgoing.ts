import { lookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { rootCertificates, type SecureContextOptions } from 'node:tls'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { Log } from '../log.ts'
import { type Allowance, allowance, isPublicAddress } from './addresses.ts'

const MAX_REDIRECTS = 5
const DEFAULT_TIMEOUT_MS = 15_000
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024
/** Headers that are meant for one origin only. */
const FOR_ONE_ORIGIN = ['authorization', 'cookie', 'proxy-authorization']

export interface OutgoingInit {
  readonly method?: string
  readonly headers?: RequestInit['headers']
  readonly body?: RequestInit['body']
  /** `follow` by default; each hop is checked like the first. */
  readonly redirect?: 'follow' | 'manual' | 'error'
  readonly signal?: AbortSignal | null
  /** Milliseconds for everything, redirects and body included; 15,000 by default. */
  readonly timeoutMs?: number
  /** Bytes of body that are taken; 8 MB by default. */
  readonly maxBytes?: number
}

/** The one door for calls that we make. */
export interface Outgoing {
  /**
   * As WHATWG fetch, but the name is resolved here and the connection goes to an address that was checked, so that nobody
   * can have us call this host, its network or a cloud's metadata. Fits openid-client's `customFetch`.
   * @throws KanpekiError `outgoing_refused`, `outgoing_failed`, `outgoing_timeout`, `outgoing_too_large`.
   */
  fetch(url: string | URL, init?: OutgoingInit): Promise<Response>
  /**
   * Addresses of a host that may be connected to by another protocol (SMTP); at least one. Connect to the address, not to
   * the name: what the name means may change after the check.
   * @throws KanpekiError `outgoing_refused`, `outgoing_failed`, `outgoing_timeout`.
   */
  addressesOf(host: string): Promise<readonly Resolved[]>
}

export interface OutgoingOptions {
  /** Hosts, addresses and networks that may be called although they are not public. */
  readonly allow: readonly string[]
  readonly log: Pick<Log, 'warn'>
  /** Resolves names; the system's resolver by default. */
  readonly resolve?: (host: string) => Promise<readonly Resolved[]>
  /** Certificates to trust besides those of Node, PEM. */
  readonly ca?: string
}

export interface Resolved {
  readonly address: string
  readonly family: number
}

/** One request as it goes out, after its body was read. */
interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array | undefined
}

/** @throws KanpekiError `config` for an entry of `allow` that is no host, address or network. */
export function createOutgoing(options: OutgoingOptions): Outgoing {
  const allowed = allowance(options.allow)
  const trusted = options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }
  const resolve = options.resolve ?? ((host: string) => lookup(host, { all: true }))
  return {
    async addressesOf(host) {
      const timeout = AbortSignal.timeout(DEFAULT_TIMEOUT_MS)
      const url = URL.parse(`http://${isIP(host) === 6 ? `[${host}]` : host}/`)
      if (url === null || url.port !== '' || url.pathname !== '/')
        throw new KanpekiError('outgoing_refused', 'What should be called is not a host.')
      try {
        return await checkedAddresses(url, allowed, resolve, timeout)
      } catch (error) {
        throw asKnown(error, url, timeout, undefined)
      }
    },
    async fetch(target, init = {}) {
      const timeout = AbortSignal.timeout(init.timeoutMs ?? DEFAULT_TIMEOUT_MS)
      const signal = init.signal ? AbortSignal.any([timeout, init.signal]) : timeout
      const maxBytes = init.maxBytes ?? DEFAULT_MAX_BYTES
      let hop = await firstHop(target, init)
      const first = hop.url
      try {
        for (let redirects = 0; ; redirects++) {
          const addresses = await checkedAddresses(hop.url, allowed, resolve, signal)
          const incoming = await send(hop, addresses, trusted, signal)
          const location = isRedirect(incoming.statusCode) ? incoming.headers.location : undefined
          if (location === undefined || init.redirect === 'manual') return await responseOf(incoming, hop.method, maxBytes)
          incoming.destroy()
          if (init.redirect === 'error') throw refused(hop.url, 'it redirects, which was not expected')
          if (redirects === MAX_REDIRECTS) throw refused(first, `it redirects more than ${MAX_REDIRECTS} times`)
          hop = nextHop(hop, location, incoming.statusCode!)
        }
      } catch (error) {
        const known = asKnown(error, hop.url, timeout, init.signal ?? undefined)
        if (known instanceof KanpekiError && known.code === 'outgoing_refused')
          options.log.warn('an outgoing call was refused', { host: hop.url.host, asked: first.host, reason: known.message })
        throw known
      }
    },
  }
}

async function firstHop(target: string | URL, init: OutgoingInit): Promise<Hop> {
  const url = parseTarget(String(target))
  // Request reads every kind of body and sets its content type.
  const made = new Request('http://body.invalid/', {
    method: init.method ?? 'GET',
    ...(init.headers === undefined ? {} : { headers: init.headers }),
    ...(init.body === undefined || init.body === null ? {} : { body: init.body, duplex: 'half' }),
  })
  const body = made.body === null ? undefined : new Uint8Array(await made.arrayBuffer())
  return { url, method: made.method, headers: new Headers(made.headers), body }
}

function parseTarget(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw new KanpekiError('outgoing_refused', 'What should be called is not a URL.')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(url, `${url.protocol} is not http or https`)
  if (url.username !== '' || url.password !== '') throw refused(url, 'there is a user or password in the URL')
  return url
}

async function checkedAddresses(
  url: URL,
  allowed: Allowance,
  resolve: (host: string) => Promise<readonly Resolved[]>,
  signal: AbortSignal,
): Promise<readonly Resolved[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(host)
  const found = family === 0 ? await untilAborted(resolve(host), signal) : [{ address: host, family }]
  if (found.length === 0) throw new KanpekiError('outgoing_failed', `${url.host} has no address.`)
  // One bad address among good ones is refused too: which one is taken would be chance.
  const bad = found.find(({ address }) => !isPublicAddress(address) && !allowed.allows(host, address))
  if (bad !== undefined) throw refused(url, `${bad.address} is not a public address`)
  return found
}

function send(
  hop: Hop,
  addresses: readonly Resolved[],
  trusted: SecureContextOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const headers = Object.fromEntries(hop.headers)
  const options: RequestOptions = {
    method: hop.method,
    agent: false,
    signal,
    headers: {
      'user-agent': 'Kanpeki',
      ...headers,
      'accept-encoding': 'identity',
      ...(hop.body === undefined ? {} : { 'content-length': String(hop.body.length) }),
    },
    // What was checked is what is connected to: the name is not asked for again.
    lookup: (_host, asked, done) => {
      const [first] = addresses
      if (asked.all === true) done(null, [...addresses])
      else done(null, first!.address, first!.family)
    },
  }
  return new Promise((resolve, reject) => {
    const request =
      hop.url.protocol === 'https:' ? httpsRequest(hop.url, { ...options, ...trusted }) : httpRequest(hop.url, options)
    request.once('error', reject).once('response', resolve)
    request.end(hop.body)
  })
}

async function responseOf(incoming: IncomingMessage, method: string, maxBytes: number): Promise<Response> {
  const status = incoming.statusCode ?? 0
  const encoding = incoming.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    incoming.destroy()
    throw new KanpekiError('outgoing_failed', `The reply is packed as ${encoding.slice(0, 40)}, which was not asked for.`)
  }
  const tooLarge = new KanpekiError('outgoing_too_large', `The reply is larger than ${maxBytes} bytes.`)
  if (method !== 'HEAD' && Number(incoming.headers['content-length'] ?? 0) > maxBytes) {
    incoming.destroy()
    throw tooLarge
  }
  const parts: Buffer[] = []
  let size = 0
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length
    if (size > maxBytes) {
      incoming.destroy()
      throw tooLarge
    }
    parts.push(part)
  }
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct))
    for (const value of values ?? []) headers.append(name, value)
  const without = status === 204 || status === 205 || status === 304 || method === 'HEAD'
  return new Response(without ? null : Buffer.concat(parts), { status, statusText: incoming.statusMessage ?? '', headers })
}

function isRedirect(status: number | undefined): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/** The next request, as fetch makes it: only 307 and 308 carry the body on; credentials stay with their origin. */
function nextHop(hop: Hop, location: string, status: number): Hop {
  const url = parseTarget(location, hop.url)
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') throw refused(url, 'a redirect leads from https to http')
  const headers = new Headers(hop.headers)
  if (url.origin !== hop.url.origin) for (const name of FOR_ONE_ORIGIN) headers.delete(name)
  const keeps = status === 307 || status === 308 || hop.method === 'GET' || hop.method === 'HEAD'
  if (keeps) return { ...hop, url, headers }
  for (const name of [...headers.keys()]) if (name.startsWith('content-')) headers.delete(name)
  return { url, method: 'GET', headers, body: undefined }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function asKnown(error: unknown, url: URL, timeout: AbortSignal, given: AbortSignal | undefined): unknown {
  if (error instanceof KanpekiError) return error
  if (given?.aborted === true) return given.reason
  if (timeout.aborted) return new KanpekiError('outgoing_timeout', `${url.host} did not answer in time.`, { cause: error })
  return new KanpekiError('outgoing_failed', `${url.host} could not be reached: ${messageOf(error)}.`, { cause: error })
}

function refused(url: URL, why: string): KanpekiError {
  return new KanpekiError('outgoing_refused', `${url.host} is not called: ${why}.`, {
    remedy: 'If this is meant, name the host, address or network in the setting outgoing-allow.',
  })
}
