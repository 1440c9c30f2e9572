import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { addressBytes } from './address-bytes.ts'

export const INDICATOR_KINDS = ['ip', 'network', 'domain', 'url', 'hash'] as const
export type IndicatorKind = (typeof INDICATOR_KINDS)[number]

/** One thing that is known to be bad, in the one form in which it is compared. */
export interface Indicator {
  readonly kind: IndicatorKind
  readonly value: string
  /** 0–100; the list's own where nothing is said. */
  readonly confidence?: number | undefined
  /** Milliseconds UTC; an event observed from `until` on is none of it. */
  readonly until?: number | undefined
  readonly note?: string | undefined
  /** The sender's own id of it (STIX id, MISP uuid). */
  readonly ref?: string | undefined
}

const HASH = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/
const DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/
const NETWORK = /^(.+)\/(\d{1,3})$/

/** People write `hxxp://bad[.]example` so that nobody clicks on it. */
function refanged(text: string): string {
  return text
    .trim()
    .replace(/^['"]|['"]$/g, '')
    .replace(/^hxxp/i, 'http')
    .replaceAll(/\[\.\]|\(\.\)|\{\.\}|\[dot\]/gi, '.')
    .replaceAll('[:]', ':')
    .replaceAll('[://]', '://')
}

/** The indicator that a text is, or undefined for what is none. */
export function indicatorOf(written: string): Pick<Indicator, 'kind' | 'value'> | undefined {
  if (written.length > 4096) return undefined
  const text = refanged(written)
  if (text.length < 4) return undefined
  const ip = canonicalAddress(text)
  if (ip !== undefined) return { kind: 'ip', value: ip }
  const lower = text.toLowerCase()
  if (HASH.test(lower)) return { kind: 'hash', value: lower }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const value = normalUrl(text)
    return value === undefined ? undefined : { kind: 'url', value }
  }
  const network = networkOf(text)
  if (network !== undefined) return network
  const domain = normalDomain(text)
  return domain === undefined ? undefined : { kind: 'domain', value: domain }
}

function networkOf(text: string): Pick<Indicator, 'kind' | 'value'> | undefined {
  const match = NETWORK.exec(text)
  const address = canonicalAddress(match?.[1] ?? '')
  if (match === null || address === undefined) return undefined
  const bits = Number(match[2])
  const width = address.includes(':') ? 128 : 32
  if (bits > width) return undefined
  return bits === width ? { kind: 'ip', value: address } : { kind: 'network', value: `${address}/${bits}` }
}

/** IPv4 as it is, IPv6 as RFC 5952 writes it; undefined for what is no address. */
export function canonicalAddress(text: string): string | undefined {
  const family = isIP(text)
  if (family === 4) return text
  if (family === 0 || text.includes('%')) return undefined
  const bytes = addressBytes(text)
  if (bytes === undefined) return undefined
  // An IPv4 address inside is that address.
  return bytes.length === 4 ? bytes.join('.') : new URL(`http://[${text}]`).hostname.slice(1, -1)
}

/** Lower case, without a dot at the end, international names as ASCII; undefined for what is no name with a dot in it. */
export function normalDomain(text: string): string | undefined {
  const bare = text.replace(/\.$/, '').replace(/^\*\./, '')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII has another form
  const ascii = /^[\x00-\x7f]*$/.test(bare) ? bare.toLowerCase() : domainToASCII(bare)
  return DOMAIN.test(ascii) ? ascii : undefined
}

/** Scheme and host in lower case, no default port, no fragment; undefined for what is no URL with a host. */
export function normalUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || url.hostname === '' || !/^(?:https?|ftp|wss?|tcp|udp|ldaps?):$/.test(url.protocol)) return undefined
  url.hash = ''
  return url.href
}
