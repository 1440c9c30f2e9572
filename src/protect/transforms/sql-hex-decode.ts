import { begun, hexPair, taken } from './bytes.ts'
import type { Transform } from './transform.ts'

/** MySQL's hexadecimal literals (`0x414243`) become the bytes they stand for. */
export const sqlHexDecode: Transform = (value) => {
  if (!/0[xX][0-9A-Fa-f]{2}/.test(value)) return value
  const into = begun(value, 0)
  let length = 0
  for (let at = 0; at < value.length; ) {
    const isMark = value.charCodeAt(at) === 48 && (value.charCodeAt(at + 1) | 32) === 120
    let byte = isMark ? hexPair(value, at + 2) : -1
    if (byte < 0) {
      into[length++] = value.charCodeAt(at)
      at += 1
      continue
    }
    at += 2
    for (; byte >= 0; byte = hexPair(value, at)) {
      into[length++] = byte
      at += 2
    }
  }
  return taken(into, length)
}
