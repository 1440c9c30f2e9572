import { eachByte } from './bytes.ts'
import type { Transform } from './transform.ts'

/** By byte: 1 where an odd number of its lower seven bits is set. */
const ODD: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0
  for (let bit = 0; bit < 7; bit += 1) bits ^= (byte >> bit) & 1
  return bits
})

/** The eighth bit makes the number of set bits even. */
export const parityEven7bit: Transform = (value) => eachByte(value, (byte) => (byte & 127) | (ODD[byte]! << 7))

/** The eighth bit makes the number of set bits odd. */
export const parityOdd7bit: Transform = (value) => eachByte(value, (byte) => (byte & 127) | ((ODD[byte]! ^ 1) << 7))

export const parityZero7bit: Transform = (value) => eachByte(value, (byte) => byte & 127)
