import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../kernel/error.ts'
import { EVERY_SCOPE } from '../platform/http/route.ts'
import { hashPassword, verifyPassword } from './password.ts'
import {
  clearSetup,
  countAccounts,
  type Db,
  findAccountByName,
  findSetup,
  insertAccount,
  insertAssignment,
  replaceSetup,
} from './queries.ts'
import type { Role } from './schema.ts'
import { hashSecret, newSecret } from './secret.ts'
import type { Account } from './tables.ts'

/** Whoever is alone signs the first cards too; the pair is listed as a conflict until somebody else approves. */
export const FIRST_ROLES = ['administrator', 'approver'] as const satisfies readonly Role[]
const SETUP_LIFE_MS = 24 * 3_600_000

/** A one-time secret for the administrator's password, or undefined once an account exists. A new one ends the one before. */
export async function createSetupLink(db: Db, scope: string, now: number): Promise<string | undefined> {
  if ((await countAccounts(db)) > 0) return undefined
  const secret = newSecret()
  await replaceSetup(db, { hash: hashSecret(secret), scope, created: now, expires: now + SETUP_LIFE_MS })
  return secret
}

/** Makes the first account. The link works once; a second account is never made this way. */
export async function useSetupLink(
  db: Db,
  scope: string,
  secret: string,
  name: string,
  password: string,
  now: number,
): Promise<Pick<Account, 'id' | 'name' | 'scope'>> {
  if (!(await findSetup(db, hashSecret(secret), now)) || (await countAccounts(db)) > 0) {
    throw new KanpekiError('gone', 'This set-up link was used or has expired.', {
      remedy: 'Start Kanpeki again: it prints a new one while no account exists.',
    })
  }
  const account = { id: randomUUID(), scope, name, password: await hashPassword(password), created: now }
  await insertAccount(db, account)
  for (const role of FIRST_ROLES)
    await insertAssignment(db, {
      id: randomUUID(),
      scope: EVERY_SCOPE,
      account_id: account.id,
      role,
      origin: 'local',
      by_name: name,
      created: now,
    })
  await clearSetup(db)
  return account
}

/** Spent on unknown names too, so that the answer's time does not tell which names exist. */
let decoy: Promise<string> | undefined

export async function checkPassword(db: Db, name: string, password: string): Promise<Account | undefined> {
  const account = await findAccountByName(db, name)
  decoy ??= hashPassword(newSecret())
  const right = await verifyPassword(password, account?.password ?? (await decoy))
  return right && account?.active === 1 ? account : undefined
}

const FREE_TRIES = 5
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
const FORGET_MS = 15 * 60_000

/**
 * Slows guessing without locking anyone out for long: after five failures from one address for one name each
 * further try waits twice as long, a minute at most. Kept in memory; a restart forgets it.
 */
export function createThrottle(): {
  check(key: string, now: number): void
  failed(key: string, now: number): void
  passed(key: string): void
} {
  const failures = new Map<string, { count: number; last: number }>()
  return {
    check(key, now) {
      for (const [old, entry] of failures) if (now - entry.last > FORGET_MS) failures.delete(old)
      const entry = failures.get(key)
      if (entry === undefined || entry.count < FREE_TRIES) return
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (entry.count - FREE_TRIES))
      const left = entry.last + pause - now
      if (left > 0)
        throw new KanpekiError('too_many_requests', `Too many failed sign-ins. Try again in ${Math.ceil(left / 1000)} s.`)
    },
    failed(key, now) {
      const entry = failures.get(key)
      failures.set(key, { count: (entry?.count ?? 0) + 1, last: now })
    },
    passed(key) {
      failures.delete(key)
    },
  }
}
