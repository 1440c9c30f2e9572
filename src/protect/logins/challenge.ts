import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** What a solution is good for: whom it was given to. */
export interface Bound {
  readonly login: string
  /** The client's network, so that a phone that changes its address within it need not work again. */
  readonly network: string
  readonly agent: string
}

export interface Challenge {
  readonly token: string
  readonly bits: number
}

const TOKEN = /^([0-9a-f]{16})\.(\d{1,2})\.([0-9a-z]{1,11})\.([0-9a-f]{32})$/
const NONCE = /^[0-9a-z]{1,13}$/

/**
 * A proof-of-work challenge: `salt.bits.expires.mac`. The client looks for a nonce with which SHA-256 of `token.nonce` begins
 * with `bits` zero bits, and shows `token~nonce`. Nothing is remembered of challenges that nobody solves.
 */
export function issueChallenge(key: Buffer, bound: Bound, bits: number, expires: number, salt: string): Challenge {
  const said = `${salt}.${bits}.${expires.toString(36)}`
  return { token: `${said}.${mac(key, bound, said)}`, bits }
}

/** The salt of a solution that holds for this client now, else undefined. */
export function solvedChallenge(key: Buffer, bound: Bound, solution: string, now: number): string | undefined {
  if (solution.length > 100) return undefined
  const [token = '', nonce = '', ...rest] = solution.split('~')
  const parts = TOKEN.exec(token)
  if (parts === null || rest.length > 0 || !NONCE.test(nonce)) return undefined
  const [, salt, bits, expires, signature] = parts
  if (Number.parseInt(expires!, 36) < now) return undefined
  const expected = mac(key, bound, `${salt}.${bits}.${expires}`)
  if (!timingSafeEqual(Buffer.from(signature!), Buffer.from(expected))) return undefined
  return zeroBits(createHash('sha256').update(`${token}.${nonce}`).digest()) >= Number(bits) ? salt : undefined
}

/** Looks for a nonce as a browser does. */
export function solve({ token, bits }: Challenge): string {
  for (let nonce = 0; ; nonce += 1) {
    const text = nonce.toString(36)
    if (zeroBits(createHash('sha256').update(`${token}.${text}`).digest()) >= bits) return `${token}~${text}`
  }
}

function mac(key: Buffer, { login, network, agent }: Bound, said: string): string {
  const text = JSON.stringify([login, network, agent, said])
  return createHmac('sha256', key).update(`challenge\0${text}`).digest('hex').slice(0, 32)
}

function zeroBits(hash: Buffer): number {
  let bits = 0
  for (const byte of hash) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24
    bits += 8
  }
  return bits
}
