import { isIP } from 'node:net'
import { KanpekiError } from '../../kernel/error.ts'
import { networksOf } from '../../platform/text/networks.ts'
import { type HeaderLine, valuesOf } from './http1/headers.ts'

/** Who may say for whom a request comes. */
export interface TrustedProxies {
  readonly isTrusted: (address: string) => boolean
}

export const NONE_TRUSTED: TrustedProxies = { isTrusted: () => false }

/** Addresses and networks (`10.0.0.0/8`, `::1`). Throws `bad-address` for anything else. */
export function trustedProxies(entries: readonly string[]): TrustedProxies {
  if (entries.length === 0) return NONE_TRUSTED
  const isTrusted = networksOf(
    entries,
    (entry) =>
      new KanpekiError('bad-address', `'${entry}' is no address and no network.`, {
        remedy: 'Write for example 10.0.0.0/8 or ::1.',
      }),
  )
  return { isTrusted }
}

/**
 * The client's address: the peer's own, or, where the peer is a trusted proxy, the last address in `X-Forwarded-For` (without
 * that, in `Forwarded`, RFC 7239) that is not a trusted proxy itself. What a stranger wrote further left is never believed.
 */
export function clientAddress(peer: string, headers: readonly HeaderLine[], trusted: TrustedProxies): string {
  if (!trusted.isTrusted(peer)) return peer
  const said = forwardedFor(headers)
  let client = peer
  for (let at = said.length - 1; at >= 0; at -= 1) {
    const address = said[at]!
    if (isIP(address) === 0) return client
    client = address
    if (!trusted.isTrusted(address)) return client
  }
  return client
}

function forwardedFor(headers: readonly HeaderLine[]): string[] {
  const plain = valuesOf(headers, 'x-forwarded-for')
  if (plain.length > 0) return plain.flatMap((value) => value.split(',')).map((part) => withoutPort(part.trim()))
  return valuesOf(headers, 'forwarded').flatMap((value) =>
    value.split(',').flatMap((element) => {
      const found = /(?:^|;)\s*for=(?:"([^"]*)"|([^;\s]*))/i.exec(element.trim())
      return found === null ? [] : [withoutPort(found[1] ?? found[2] ?? '')]
    }),
  )
}

function withoutPort(text: string): string {
  if (text.startsWith('[')) return text.slice(1, text.indexOf(']') === -1 ? undefined : text.indexOf(']'))
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text
}
