import { randomUUID } from 'node:crypto'
import { type Db, insertAssignment } from './queries.ts'
import type { Assignment } from './roles.ts'
import type { AssignmentsTable } from './tables.ts'

export interface KeptRoles {
  readonly added: readonly Assignment[]
  readonly removed: readonly Assignment[]
}

/**
 * Makes the roles that an account holds from one origin exactly `wanted`; those of other origins stay as they are.
 * @param byName who or what gives them, as the access review shows it.
 * @returns what changed, for the ledger.
 */
export async function keepRoles(
  db: Db,
  accountId: string,
  origin: AssignmentsTable['origin'],
  wanted: readonly Assignment[],
  byName: string,
  now: number,
): Promise<KeptRoles> {
  const held = await db
    .selectFrom('access_assignments')
    .select(['id', 'role', 'scope'])
    .where('account_id', '=', accountId)
    .where('origin', '=', origin)
    .execute()
  const keyOf = ({ role, scope }: Assignment): string => `${role} ${scope}`
  const heldKeys = new Set(held.map(keyOf))
  const wantedByKey = new Map(wanted.map((one) => [keyOf(one), one]))
  const removed = held.filter((one) => !wantedByKey.has(keyOf(one)))
  const added = [...wantedByKey].filter(([key]) => !heldKeys.has(key)).map(([, { role, scope }]) => ({ role, scope }))
  if (removed.length > 0) {
    const ids = removed.map(({ id }) => id)
    await db.deleteFrom('access_assignments').where('id', 'in', ids).execute()
  }
  for (const { role, scope } of added) {
    const id = randomUUID()
    await insertAssignment(db, { id, scope, account_id: accountId, role, origin, by_name: byName, created: now })
  }
  return { added, removed: removed.map(({ role, scope }) => ({ role, scope })) }
}
