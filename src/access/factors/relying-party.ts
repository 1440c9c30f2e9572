import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { KanpekiError } from '../../kernel/error.ts'

/** Whom a passkey is made for: WebAuthn §4, a domain and the one origin from which it is used. */
export interface RelyingParty {
  readonly id: string
  readonly origin: string
}

/**
 * The relying party at the installation's public address. Where that is a loopback address, which WebAuthn does not
 * know, the same server reached as `localhost` will do: the browser says so in Host, and signs its true origin.
 * @throws KanpekiError `passkeys_unavailable`.
 */
export function relyingParty(origin: string, request: IncomingMessage): RelyingParty {
  const url = new URL(origin)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) === 0) {
    if (url.protocol === 'https:' || isLocal(host)) return { id: host, origin: url.origin }
    throw new KanpekiError('passkeys_unavailable', `Browsers keep no passkeys for ${origin}: it is not encrypted.`, {
      remedy: 'Serve the console over TLS and set public-url to its https address.',
    })
  }
  if (isLoopback(host) && /^localhost(:\d+)?$/i.test(request.headers.host ?? '')) {
    url.hostname = 'localhost'
    return { id: 'localhost', origin: url.origin }
  }
  throw new KanpekiError('passkeys_unavailable', `Browsers keep no passkeys for an address like ${host}.`, {
    remedy: isLoopback(host)
      ? `Open the console at ${url.protocol}//localhost${url.port === '' ? '' : `:${url.port}`} instead.`
      : 'Give this server a name and set public-url to it.',
  })
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost')
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^127(\.\d+){3}$/.test(host)
}
