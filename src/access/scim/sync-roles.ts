import type { Evidence } from '../../kernel/evidence.ts'
import type { Caller } from '../../platform/http/route.ts'
import { readJson } from '../../platform/state/columns.ts'
import { keepRoles } from '../keep-roles.ts'
import { type Db, findAccount } from '../queries.ts'
import type { Assignment } from '../roles.ts'
import { adminEvidence } from '../routes-deps.ts'
import { groupsOf } from './queries.ts'

/**
 * Gives an account the roles of its groups, no more and no less; those that were given here stay. Call it in the
 * transaction that changed a membership or a mapping.
 */
export async function syncRoles(db: Db, accountId: string, by: Caller, now: number): Promise<Evidence[]> {
  const groups = await groupsOf(db, accountId)
  const wanted = groups.flatMap(({ roles }) => readJson<Assignment[]>(roles))
  const { added, removed } = await keepRoles(db, accountId, 'scim', wanted, 'scim', now)
  if (added.length + removed.length === 0) return []
  const account = await findAccount(db, accountId)
  const told = (one: Assignment): string => `${one.role} in ${one.scope}`
  return [
    adminEvidence(by, now, 'account.roles', {
      account: accountId,
      name: account?.name ?? '',
      added: added.map(told),
      removed: removed.map(told),
    }),
  ]
}
