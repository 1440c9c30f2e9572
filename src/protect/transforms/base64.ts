import { begun, taken } from './bytes.ts'
import type { Transform } from './transform.ts'

const STRICT = /^[A-Za-z0-9+/]*/

/** RFC 4648 §4 up to the first byte that is not of its alphabet; what follows is left out. */
export const base64Decode: Transform = (value) => {
  if (value === '') return value
  const [alphabetic] = STRICT.exec(value)!
  return Buffer.from(alphabetic, 'base64').toString('latin1')
}

/** The forgiving decoder, as PHP has it: bytes outside of the alphabet are passed over. */
export const base64DecodeExt: Transform = (value) => {
  if (value === '') return value
  const kept = begun(value, 0)
  let length = 0
  for (let at = 0; at < value.length; at += 1) {
    const byte = value.charCodeAt(at)
    const isDigit = (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
    if (isDigit || byte === 43 || byte === 47) kept[length++] = byte
  }
  return Buffer.from(taken(kept, length), 'base64').toString('latin1')
}

export const base64Encode: Transform = (value) => (value === '' ? value : Buffer.from(value, 'latin1').toString('base64'))
