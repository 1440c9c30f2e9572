import { argon2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { KanpekiError } from '../kernel/error.ts'

/** RFC 9106 §4, second recommended option: 64 MiB, three passes, four lanes. */
const COST = { memory: 65_536, passes: 3, parallelism: 4 } as const
const TAG_BYTES = 32
const SALT_BYTES = 16
/** Two guesses at a time fill 128 MiB; the rest waits, and beyond that it is told to come again. */
const AT_ONCE = 2
const MOST_WAITING = 32

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/
/** Larger than any cost we ever wrote: a changed row shall not eat the memory. */
const MOST_MEMORY = 262_144

interface Argon2Cost {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

let running = 0
const waiting: (() => void)[] = []

/** Password hashing is made to be expensive: without a bound, sign-ins without end would take all memory. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MOST_WAITING) {
      throw new KanpekiError('too_many_requests', 'Too many sign-ins at once.', { remedy: 'Try again in a few seconds.' })
    }
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else running += 1
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
}

function argon2id(password: string, salt: Buffer, cost: Argon2Cost, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message: prepared(password), nonce: salt, tagLength: bytes, ...cost }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

/** Compatible spellings of one text are one password (NIST SP 800-63B-4 §3.1.1.2). */
function prepared(password: string): string {
  return password.normalize('NFKC')
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

/** argon2id (RFC 9106) with a random salt, as a PHC string that carries its own cost. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await inTurn(() => argon2id(password, salt, COST, TAG_BYTES))
  const { memory, passes, parallelism } = COST
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(key)}`
}

/** Compares in constant time. A hash that cannot be read never matches. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt, key] = PHC.exec(stored) ?? []
  if (salt === undefined || key === undefined) return await verifyScrypt(password, stored)
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  if (cost.memory > MOST_MEMORY || cost.passes < 1 || cost.parallelism < 1 || cost.memory < 8 * cost.parallelism) return false
  const expected = Buffer.from(key, 'base64')
  const found = await inTurn(() => argon2id(password, Buffer.from(salt, 'base64'), cost, expected.length))
  return timingSafeEqual(found, expected)
}

/** Whether a right password should be hashed anew: it was stored by an earlier version, or at another cost. */
export function isOutdated(stored: string): boolean {
  const { memory, passes, parallelism } = COST
  return !stored.startsWith(`$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$`)
}

/** What version 0.1 stored: `scrypt$N$r$p$salt$key`, at the one cost that it used. */
async function verifyScrypt(password: string, stored: string): Promise<boolean> {
  const [scheme, N, r, p, salt, key] = stored.split('$')
  if (scheme !== 'scrypt' || N !== '131072' || r !== '8' || p !== '1' || salt === undefined || key === undefined) return false
  const expected = Buffer.from(key, 'base64url')
  const cost = { N: 131_072, r: 8, p: 1, maxmem: 256 * 131_072 * 8 }
  const found = await inTurn(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(prepared(password), Buffer.from(salt, 'base64url'), expected.length, cost, (error, derived) =>
          error === null ? resolve(derived) : reject(error),
        )
      }),
  )
  return found.length > 0 && timingSafeEqual(found, expected)
}
