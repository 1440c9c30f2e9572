import { eachByte } from './bytes.ts'
import type { Transform } from './transform.ts'

const UPPER = /[A-Z]/
const LOWER = /[a-z]/
const ASCII_ONLY = /^[\0-\x7f]*$/

/** ASCII only, as in the C locale: the bytes of other letters stay. */
export const lowercase: Transform = (value) => {
  if (!UPPER.test(value)) return value
  return ASCII_ONLY.test(value) ? value.toLowerCase() : eachByte(value, (byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))
}

export const uppercase: Transform = (value) => {
  if (!LOWER.test(value)) return value
  return ASCII_ONLY.test(value) ? value.toUpperCase() : eachByte(value, (byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte))
}
