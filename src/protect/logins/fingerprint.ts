import { createHash } from 'node:crypto'
import type { ClientRequest } from '../proxy/exchange.ts'

/** What a client's own tool decides: the order and spelling of its headers, and how it says what it is. Not what differs by request. */
const BY_REQUEST = new Set([
  'authorization',
  'cache-control',
  'content-length',
  'content-type',
  'cookie',
  'forwarded',
  'host',
  'if-none-match',
  'kanpeki-challenge',
  'origin',
  'pragma',
  'referer',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
])
const TELLING = new Set(['user-agent', 'accept', 'accept-encoding', 'accept-language'])

/** 16 hexadecimal digits for the tool behind a request: protocol, TLS version and cipher where there are any, header names in order, and four of their values. */
export function fingerprintOf({ protocol, headers, tls }: Pick<ClientRequest, 'protocol' | 'headers' | 'tls'>): string {
  const lines: string[] = [protocol, tls ?? '']
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (!BY_REQUEST.has(lower)) lines.push(TELLING.has(lower) ? `${name}: ${value}` : name)
  }
  return createHash('sha256').update(lines.join('\n'), 'latin1').digest('hex').slice(0, 16)
}
