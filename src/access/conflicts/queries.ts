import { EVERY_SCOPE } from '../../platform/http/route.ts'
import type { Db } from '../queries.ts'
import type { Assignment } from '../roles.ts'

export interface PersonInScope {
  readonly account: string
  readonly name: string
  readonly display: string
  /** Those that hold in the scope. */
  readonly assignments: readonly Assignment[]
}

/** Active people with a role that holds in `scope`, by name. */
export async function peopleIn(db: Db, scope: string): Promise<readonly PersonInScope[]> {
  const rows = await db
    .selectFrom('access_assignments as r')
    .innerJoin('access_accounts as a', 'a.id', 'r.account_id')
    .select(['a.id', 'a.name', 'a.display', 'r.role', 'r.scope'])
    .where('a.active', '=', 1)
    .where('r.scope', 'in', [scope, EVERY_SCOPE])
    .orderBy('a.name')
    .orderBy('r.role')
    .execute()
  return [...Map.groupBy(rows, ({ id }) => id)].map(([account, held]) => ({
    account,
    name: held[0]!.name,
    display: held[0]!.display,
    assignments: held.map(({ role, scope }) => ({ role, scope })),
  }))
}
