import { randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const pool = Buffer.alloc(4096)
let at = pool.length

/**
 * A transaction's reference id: 16 characters of Crockford's base 32, so that a person can read it out; 80 random bits, so that
 * nobody can guess another's.
 */
export function newReference(): string {
  if (at + 10 > pool.length) {
    randomFillSync(pool)
    at = 0
  }
  let text = ''
  for (let half = 0; half < 2; half += 1) {
    let bits = pool.readUIntBE(at, 5)
    at += 5
    for (let digit = 0; digit < 8; digit += 1) {
      text += ALPHABET[bits % 32]
      bits = Math.floor(bits / 32)
    }
  }
  return text
}
