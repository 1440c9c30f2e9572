import { fault, type HttpFault } from '../http-fault.ts'

export interface FoundHead {
  /** A byte string without the empty line. */
  readonly text: string
  /** Where the body begins. */
  readonly end: number
}

/**
 * Looks for the empty line that ends a head; undefined as long as it has not come. One empty line before the head is
 * passed over (RFC 9112 section 2.2). A line that ends in LF alone is refused at once: servers disagree on it.
 */
export function findHead(bytes: Buffer, largest: number): FoundHead | HttpFault | undefined {
  const start = bytes.length >= 2 && bytes[0] === 13 && bytes[1] === 10 ? 2 : 0
  const end = bytes.indexOf('\r\n\r\n', start, 'latin1')
  const seen = end === -1 ? Math.min(bytes.length, largest + 4) : end
  const text = bytes.toString('latin1', start, seen)
  if (hasBareLineFeed(text)) return fault(400, 'bare-line-feed')
  if (end === -1 ? bytes.length - start > largest : end - start > largest) return fault(431, 'head-too-large')
  return end === -1 ? undefined : { text, end: end + 4 }
}

function hasBareLineFeed(text: string): boolean {
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1))
    if (at === 0 || text.charCodeAt(at - 1) !== 13) return true
  return false
}

/** A first line that can never become a request line: need not be waited out. */
export function brokenStart(bytes: Buffer): HttpFault | undefined {
  const first = bytes[0]!
  if (first !== 13 && (first <= 32 || first >= 127)) return fault(400, 'request-line')
  const end = bytes.indexOf('\r\n', 2, 'latin1')
  if (end === -1) return undefined
  return / HTTP\/\d\.\d$/.test(bytes.toString('latin1', Math.max(0, end - 9), end)) ? undefined : fault(400, 'request-line')
}
