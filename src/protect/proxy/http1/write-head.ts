import type { AnswerHead } from '../exchange.ts'
import type { HeaderLine } from './headers.ts'

const REASONS: Readonly<Record<number, string>> = {
  101: 'Switching Protocols',
  200: 'OK',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
}

/** Header lines that only say how this hop frames its messages: never forwarded, always written anew. */
export function isFraming(lowerName: string): boolean {
  return lowerName === 'content-length' || lowerName === 'transfer-encoding' || lowerName === 'connection'
}

/** Header lines as they go over the wire, with nothing before and an end of line behind each. */
export function writeLines(headers: readonly HeaderLine[]): string {
  let text = ''
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`
  return text
}

/** A response's head in HTTP/1.1, framing included. */
export function writeAnswerHead(head: AnswerHead, framing: string, connection: string): string {
  const reason = head.reason ?? REASONS[head.status] ?? ''
  return `HTTP/1.1 ${head.status} ${reason}\r\n${writeLines(head.headers)}${framing}${connection}\r\n`
}
