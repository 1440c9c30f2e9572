import { randomInt, randomUUID } from 'node:crypto'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { EVERY_SCOPE } from '../platform/http/route.ts'
import { deleteFactors } from './factors/queries.ts'
import { updateAccount } from './people/queries.ts'
import { type Db, findAccountByName, findBreakGlass, insertAccount, insertAssignment } from './queries.ts'
import { endSessions } from './sessions/queries.ts'

export const BREAK_GLASS_NAME = 'break-glass'
/** Read from paper in a hurry: no letter looks like another. */
const ALPHABET = '23456789abcdefghjkmnpqrstvwxyz'
const GROUPS = 6
const GROUP = 5

/** 147 bits, in groups that can be read aloud. */
export function newBreakGlassPassword(): string {
  const letter = (): string => ALPHABET[randomInt(ALPHABET.length)] ?? ''
  return Array.from({ length: GROUPS }, () => Array.from({ length: GROUP }, letter).join('')).join('-')
}

/**
 * Makes the emergency account, or gives the one there is a new password and ends its sessions: administrator of
 * everything, without a second factor and without a provider, for the day on which those fail. Its use raises an alert.
 * @param password its hash.
 */
export async function keepBreakGlass(db: Db, password: string, now: number): Promise<{ id: string; renewed: boolean }> {
  const there = await findBreakGlass(db)
  if (there !== undefined) {
    await updateAccount(db, there.id, { password, active: 1 })
    await endSessions(db, there.id, undefined)
    await deleteFactors(db, there.id)
    return { id: there.id, renewed: true }
  }
  if ((await findAccountByName(db, BREAK_GLASS_NAME)) !== undefined) {
    throw new KanpekiError('conflict', `A person has the name '${BREAK_GLASS_NAME}'.`, { remedy: 'Rename that account first.' })
  }
  const id = randomUUID()
  const account = { id, scope: DEFAULT_SCOPE, name: BREAK_GLASS_NAME, password, break_glass: 1, created: now } as const
  await insertAccount(db, account)
  await insertAssignment(db, {
    id: randomUUID(),
    scope: EVERY_SCOPE,
    account_id: id,
    role: 'administrator',
    origin: 'local',
    by_name: 'command line',
    created: now,
  })
  return { id, renewed: false }
}
