import { room, taken } from './bytes.ts'
import type { Transform } from './transform.ts'

/** A nibble as C's usual one-liner reads it, so that a byte that is no digit gives what it gives elsewhere. */
function nibble(byte: number): number {
  return byte >= 65 ? (byte & 0xdf) - 55 : byte - 48
}

/** Pairs of hexadecimal digits to bytes; an odd last digit is left out. */
export const hexDecode: Transform = (value) => {
  if (value === '') return value
  const into = room(value.length)
  const length = value.length >> 1
  for (let at = 0; at < length; at += 1)
    into[at] = (nibble(value.charCodeAt(2 * at)) * 16 + nibble(value.charCodeAt(2 * at + 1))) & 255
  return taken(into, length)
}

export const hexEncode: Transform = (value) => (value === '' ? value : Buffer.from(value, 'latin1').toString('hex'))
