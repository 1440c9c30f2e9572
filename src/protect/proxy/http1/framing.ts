import { fault, type HttpFault } from '../http-fault.ts'
import { type HeaderLine, valuesOf } from './headers.ts'

/** Where a message's body ends (RFC 9112 section 6.3). `close`: only responses, at the end of the connection. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' }

export const NO_BODY: Framing = { kind: 'none' }

/** What the headers say about the body's end; both ways at once are `conflicting`, and Transfer-Encoding counts. */
export interface DeclaredFraming {
  readonly framing: Framing | undefined
  readonly conflicting: boolean
}

/**
 * The declared framing, read strictly: whoever reads it otherwise than the server behind lets a second request be smuggled
 * in. Refused: any Transfer-Encoding but exactly `chunked`, or in HTTP/1.0; a Content-Length that repeats, lists or is not digits.
 */
export function declaredFraming(headers: readonly HeaderLine[], protocol: string): DeclaredFraming | HttpFault {
  const lengths = valuesOf(headers, 'content-length')
  const codings = valuesOf(headers, 'transfer-encoding')
  if (lengths.length > 1 || (lengths.length === 1 && !/^\d{1,15}$/.test(lengths[0]!))) return fault(400, 'content-length')
  if (codings.length > 0) {
    if (codings.length > 1 || protocol === 'HTTP/1.0') return fault(400, 'transfer-encoding')
    if (codings[0]!.toLowerCase() !== 'chunked') return fault(501, 'transfer-encoding')
    return { framing: { kind: 'chunked' }, conflicting: lengths.length > 0 }
  }
  if (lengths.length === 0) return { framing: undefined, conflicting: false }
  return { framing: { kind: 'length', length: Number(lengths[0]) }, conflicting: false }
}
