import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../kernel/error.ts'
import { EVERY_SCOPE } from '../platform/http/route.ts'
import { nameTaken } from './name-taken.ts'
import { clearSetup, countPeople, type Db, findSetup, insertAccount, insertAssignment, replaceSetup } from './queries.ts'
import type { Role } from './schema.ts'
import { hashSecret, newSecret } from './secret.ts'
import type { Account } from './tables.ts'

/** Whoever is alone signs the first cards too; the pair is listed as a conflict until somebody else approves. */
export const FIRST_ROLES = ['administrator', 'approver'] as const satisfies readonly Role[]
const SETUP_LIFE_MS = 24 * 3_600_000

/** A one-time secret for the administrator's password, or undefined once a person exists. A new one ends the one before. */
export async function createSetupLink(db: Db, scope: string, now: number): Promise<string | undefined> {
  if ((await countPeople(db)) > 0) return undefined
  const secret = newSecret()
  await replaceSetup(db, { hash: hashSecret(secret), scope, created: now, expires: now + SETUP_LIFE_MS })
  return secret
}

/** Whether the link still makes the first account. */
export async function setupWorks(db: Db, secret: string, now: number): Promise<boolean> {
  return (await findSetup(db, hashSecret(secret), now)) && (await countPeople(db)) === 0
}

export function setupGone(): KanpekiError {
  return new KanpekiError('gone', 'This set-up link was used or has expired.', {
    remedy: 'Start Kanpeki again: it prints a new one while no account exists.',
  })
}

/**
 * Makes the first account. The link works once; a second account is never made this way.
 * @param password its hash.
 */
export async function useSetupLink(
  db: Db,
  scope: string,
  secret: string,
  name: string,
  password: string,
  now: number,
): Promise<Pick<Account, 'id' | 'name' | 'scope'>> {
  if (!(await setupWorks(db, secret, now))) {
    throw setupGone()
  }
  if (await nameTaken(db, name)) {
    throw new KanpekiError('conflict', `There is an account '${name}' already.`, { remedy: 'Choose another name.' })
  }
  const account = { id: randomUUID(), scope, name, password, created: now }
  await insertAccount(db, account)
  for (const role of FIRST_ROLES) {
    const id = randomUUID()
    const row = { id, scope: EVERY_SCOPE, account_id: account.id, role, origin: 'local', by_name: name, created: now } as const
    await insertAssignment(db, row)
  }
  await clearSetup(db)
  return account
}
