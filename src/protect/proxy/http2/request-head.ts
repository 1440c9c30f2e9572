import { fault } from '../http-fault.ts'
import { declaredFraming } from '../http1/framing.ts'
import { type HeaderLine, hasControl, isToken } from '../http1/headers.ts'
import { headFault, type RefusedRequest } from '../http1/request-head.ts'

export interface StreamRequest {
  readonly method: string
  readonly target: string
  readonly protocol: 'HTTP/2.0'
  readonly headers: readonly HeaderLine[]
  readonly length: number | undefined
}

/**
 * A request out of a stream's headers (names and values in turn), in the words of HTTP/1.1. What would be read otherwise
 * there is refused: an application never gets bytes that HTTP/1.1 would not have let in (RFC 9113 sections 8.2 and 10.3).
 */
export function requestFromStream(raw: readonly string[]): StreamRequest | RefusedRequest {
  const pseudo = new Map<string, string>()
  const headers: HeaderLine[] = []
  const cookies: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!
    const value = raw[at + 1]!
    if (name.startsWith(':')) pseudo.set(name, value)
    else if (!isToken(name) || hasControl(value) || name === 'transfer-encoding' || name === 'connection')
      return { fault: fault(400, 'header-byte') }
    else if (name === 'cookie') cookies.push(value)
    else headers.push([name, value])
  }
  // One line for the crumbs that a client may have made of it (RFC 9113 section 8.2.3).
  if (cookies.length > 0) headers.push(['cookie', cookies.join('; ')])
  const authority = pseudo.get(':authority')
  const host = headers.find(([name]) => name === 'host')?.[1]
  if (authority !== undefined && host !== undefined && authority !== host) return { fault: fault(400, 'host') }
  if (host === undefined && authority !== undefined) headers.unshift(['Host', authority])
  const method = pseudo.get(':method') ?? ''
  const target = pseudo.get(':path') ?? (method === 'CONNECT' ? (authority ?? '') : '')
  const seen = { method, target, protocol: 'HTTP/2.0', headers } as const
  // An absolute form would bring a second authority along (RFC 9113 section 8.3.1).
  const isPath = method === 'CONNECT' || target.startsWith('/') || target === '*'
  const bad = isPath ? headFault(seen, 'HTTP/1.1') : fault(400, 'request-line')
  if (bad !== undefined) return { fault: bad, ...(bad.code === 'host' ? {} : { seen }) }
  const declared = declaredFraming(headers, 'HTTP/1.1')
  if ('code' in declared) return { fault: declared }
  const { framing } = declared
  return { ...seen, length: framing?.kind === 'length' ? framing.length : undefined }
}
