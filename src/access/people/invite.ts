import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import { checkGivenScopes } from '../given-roles.ts'
import { keepRoles } from '../keep-roles.ts'
import { nameTaken } from '../name-taken.ts'
import { type Db, insertAccount } from '../queries.ts'
import type { Assignment } from '../roles.ts'
import { makeLink } from './links.ts'

export interface Invitation {
  readonly name: string
  readonly display: string
  readonly email: string | null
  readonly scope: string
  readonly roles: readonly Assignment[]
}

export interface Invited {
  readonly id: string
  readonly path: string
  /** Milliseconds UTC. */
  readonly expires: number
}

/** Makes an account without a password, and the link by which its person sets one. @throws KanpekiError `conflict`, `not_found`. */
export async function inviteAccount(db: Db, invitation: Invitation, by: string, now: number): Promise<Invited> {
  const { name, display, email, scope, roles } = invitation
  if (await nameTaken(db, name)) {
    throw new KanpekiError('conflict', `There is an account '${name}' already.`, { remedy: 'Choose another name.' })
  }
  await checkGivenScopes(db, roles)
  const account = { id: randomUUID(), scope, name }
  await insertAccount(db, { ...account, display, email, password: '', created: now })
  await keepRoles(db, account.id, 'local', roles, by, now)
  return { id: account.id, ...(await makeLink(db, 'invite', account, by, now)) }
}

/** What a ledger entry says of an assignment. */
export function saidRole({ role, scope }: Assignment): string {
  return `${role} in ${scope}`
}
