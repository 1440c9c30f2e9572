import { begun, HEX, isSpace, taken } from './bytes.ts'
import type { Transform } from './transform.ts'

/**
 * CSS escapes (CSS 2.1 §4.1.3): up to six hexadecimal digits, of which the last two give the byte (full-width forms made ASCII), and
 * one white space after them; a backslash before a line feed goes with it, before another byte alone, and at the end too. An escaped
 * NUL counts as `\0`, white space after it included.
 */
export const cssDecode: Transform = (value) => {
  const first = value.indexOf('\\')
  if (first < 0) return value
  const into = begun(value, first)
  let length = first
  for (let at = first; at < value.length; ) {
    const byte = value.charCodeAt(at)
    if (byte !== 92) {
      into[length++] = byte
      at += 1
      continue
    }
    at += 1
    if (at >= value.length) break
    const digits = hexDigits(value, at)
    if (digits > 0) {
      into[length++] = byteOf(value, at, digits)
      at += digits
      if (at < value.length && isSpace(value.charCodeAt(at))) at += 1
    } else {
      const escaped = value.charCodeAt(at)
      if (escaped !== 10) into[length++] = escaped
      at += 1
      if (escaped === 0 && value.charCodeAt(at) === 32) at += 1
    }
  }
  return taken(into, length)
}

function hexDigits(value: string, at: number): number {
  let count = 0
  while (count < 6 && at + count < value.length && HEX[value.charCodeAt(at + count)]! < 16) count += 1
  return count
}

function byteOf(value: string, at: number, digits: number): number {
  const code = Number.parseInt(value.slice(at, at + digits), 16)
  const low = code & 255
  const isFullWidth = code > 0xff00 && code < 0xff5f
  return isFullWidth ? low + 0x20 : low
}
