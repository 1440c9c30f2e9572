import { gzipSync } from 'node:zlib'

/** Entries of one list: the fewest that the specification allows, so that asking for a list tells little of what is asked. */
export const LIST_ENTRIES = 131_072

/** Which list an entry is in, and where. */
export function placeOf(number: number): { readonly list: number; readonly index: number } {
  return { list: Math.floor(number / LIST_ENTRIES), index: number % LIST_ENTRIES }
}

/**
 * The `encodedList` of a Bitstring Status List (https://www.w3.org/TR/vc-bitstring-status-list/ §3.3): bit 0 is the highest
 * of the first byte; GZIP, multibase base64url without padding.
 */
export function encodeList(set: Iterable<number>): string {
  const bits = new Uint8Array(LIST_ENTRIES / 8)
  for (const index of set) bits[index >> 3]! |= 0x80 >> (index & 7)
  return `u${gzipSync(bits, { level: 9 }).toString('base64url')}`
}
