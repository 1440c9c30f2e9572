import { fault, type HttpFault } from '../http-fault.ts'
import { declaredFraming, type Framing, NO_BODY } from './framing.ts'
import { type HeaderLine, listOf, parseHeaderLines, valuesOf } from './headers.ts'

export interface ParsedResponse {
  readonly status: number
  readonly reason: string
  readonly protocol: string
  readonly headers: readonly HeaderLine[]
  readonly framing: Framing
  readonly keepAlive: boolean
}

/** Parses an upstream's response head (RFC 9112 section 4), as strictly as a request's. `method` is that of the request. */
export function parseResponseHead(text: string, method: string): ParsedResponse | HttpFault {
  const endOfLine = text.indexOf('\r\n')
  const line = endOfLine === -1 ? text : text.slice(0, endOfLine)
  const found = /^(HTTP\/1\.[01]) ([1-9]\d\d)(?: ([\t -~\x80-\xff]*))?$/.exec(line)
  if (found === null) return fault(502, 'status-line')
  const headers = endOfLine === -1 ? [] : parseHeaderLines(text, endOfLine + 2, text.length)
  if ('code' in headers) return fault(502, headers.code)
  const protocol = found[1]!
  const status = Number(found[2])
  const declared = declaredFraming(headers, protocol)
  if ('code' in declared) return fault(502, declared.code)
  const hasNone = method === 'HEAD' || status < 200 || status === 204 || status === 304
  const connection = listOf(valuesOf(headers, 'connection'))
  const framing = hasNone ? NO_BODY : (declared.framing ?? ({ kind: 'close' } as const))
  return {
    status,
    protocol,
    reason: found[3] ?? '',
    headers,
    framing,
    keepAlive:
      (protocol === 'HTTP/1.0' ? connection.includes('keep-alive') : !connection.includes('close')) &&
      framing.kind !== 'close' &&
      !declared.conflicting,
  }
}
