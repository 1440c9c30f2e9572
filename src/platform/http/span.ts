/** A span that a request asks for, RFC 3339; an absent end is open. */
interface AskedSpan {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** For `refine`: nothing lies in a span that ends before it begins, which would be read as "nothing happened". */
export function isForward({ from, to }: AskedSpan): boolean {
  return from === undefined || to === undefined || Date.parse(from) < Date.parse(to)
}

export const FORWARD = { error: 'to must come after from', path: ['to'] }
