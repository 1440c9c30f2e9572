import { fault, type HttpFault } from '../http-fault.ts'
import { declaredFraming, type Framing, NO_BODY } from './framing.ts'
import { type HeaderLine, hasControl, isToken, listOf, parseHeaderLines, valuesOf } from './headers.ts'

/** A request's head, fit to be forwarded. */
export interface ParsedRequest {
  readonly method: string
  readonly target: string
  readonly protocol: string
  readonly headers: readonly HeaderLine[]
  readonly framing: Framing
  readonly keepAlive: boolean
}

/** A request line that is refused, split as well as it can be, so that rules may still name what it is. */
export interface RefusedRequest {
  readonly fault: HttpFault
  /** Present where the header lines could be read. */
  readonly seen?: Pick<ParsedRequest, 'method' | 'target' | 'protocol' | 'headers'>
}

const HOST = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/

/**
 * Parses a head (RFC 9112 sections 2 to 6), a byte string without the empty line that ends it. Strict: what two servers
 * could read in two ways is refused, and a Content-Length beside a Transfer-Encoding is taken out.
 */
export function parseRequestHead(text: string): ParsedRequest | RefusedRequest {
  const endOfLine = text.indexOf('\r\n')
  const line = endOfLine === -1 ? text : text.slice(0, endOfLine)
  const headers = endOfLine === -1 ? [] : parseHeaderLines(text, endOfLine + 2, text.length)
  if ('code' in headers) return { fault: headers }
  const { method, target, protocol } = splitRequestLine(line)
  const seen = { method, target, protocol, headers }
  const bad = headFault(seen, protocol)
  if (bad !== undefined) return { fault: bad, ...(bad.code === 'host' ? {} : { seen }) }
  const declared = declaredFraming(headers, protocol)
  if ('code' in declared) return { fault: declared }
  const connection = listOf(valuesOf(headers, 'connection'))
  const wantsToStay = protocol === 'HTTP/1.0' ? connection.includes('keep-alive') : !connection.includes('close')
  const framed = declared.conflicting ? headers.filter(([name]) => name.toLowerCase() !== 'content-length') : headers
  return {
    ...seen,
    headers: withHostOf(target, framed),
    framing: declared.framing ?? NO_BODY,
    keepAlive: wantsToStay && !declared.conflicting,
  }
}

/** The authority of an absolute target stands for Host (RFC 9112 section 3.2.2): rules see the one that the application gets. */
function withHostOf(target: string, headers: readonly HeaderLine[]): readonly HeaderLine[] {
  const authority = ABSOLUTE.exec(target)?.[1]
  if (authority === undefined) return headers
  return [['Host', authority], ...headers.filter(([name]) => name.toLowerCase() !== 'host')]
}

/** At the first and the last space: what is between is the target, spaces and all, so that the parts joined are the line. */
export function splitRequestLine(line: string): { method: string; target: string; protocol: string } {
  const first = line.indexOf(' ')
  const last = line.lastIndexOf(' ')
  if (first === -1) return { method: line, target: '', protocol: '' }
  if (first === last) return { method: line.slice(0, first), target: line.slice(first + 1), protocol: '' }
  return { method: line.slice(0, first), target: line.slice(first + 1, last), protocol: line.slice(last + 1) }
}

/** What is wrong with a request line or Host, by the rules of `protocol`. */
export function headFault(
  { method, target, headers }: Pick<ParsedRequest, 'method' | 'target' | 'headers'>,
  protocol: string,
): HttpFault | undefined {
  return requestLineFault(method, target, protocol) ?? hostFault(headers, protocol)
}

function requestLineFault(method: string, target: string, protocol: string): HttpFault | undefined {
  if (!isToken(method) || target === '' || target.includes(' ') || target.includes('#') || hasControl(target))
    return fault(400, 'request-line')
  if (protocol === 'HTTP/1.1' || protocol === 'HTTP/1.0') return isTarget(method, target) ? undefined : fault(400, 'request-line')
  return /^HTTP\/[1-9]\.\d$/.test(protocol) ? fault(505, 'version') : fault(400, 'version')
}

const ABSOLUTE = /^https?:\/\/([^/?]+)(?:[/?]|$)/i

/** The four forms of RFC 9112 section 3.2. */
function isTarget(method: string, target: string): boolean {
  if (method === 'CONNECT') return /^[^/?@\s]+:\d{1,5}$/.test(target)
  if (target.startsWith('/') || (target === '*' && method === 'OPTIONS')) return true
  const authority = ABSOLUTE.exec(target)?.[1]
  return authority !== undefined && !authority.startsWith(':') && HOST.test(authority)
}

/** RFC 9112 section 3.2: exactly one in HTTP/1.1, and a host in it. */
function hostFault(headers: readonly HeaderLine[], protocol: string): HttpFault | undefined {
  const hosts = valuesOf(headers, 'host')
  if (hosts.length > 1 || (hosts.length === 0 && protocol === 'HTTP/1.1')) return fault(400, 'host')
  const [host = ''] = hosts
  return (host === '' && protocol === 'HTTP/1.1') || !HOST.test(host) ? fault(400, 'host') : undefined
}
