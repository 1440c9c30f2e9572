import { type Caller, EVERY_SCOPE } from '../../platform/http/route.ts'
import { accountsWithFactors } from '../factors/queries.ts'
import { auditPeriods, type Db } from '../queries.ts'
import { type Assignment, CONFLICTING_DUTIES, isRole, rolesIn } from '../roles.ts'
import type { AccessDeps } from '../routes-deps.ts'
import { countSessions } from '../sessions/queries.ts'
import type { Account } from '../tables.ts'
import { everywhere, mayChange } from './may-change.ts'
import { accountsSeenFrom, everyAssignment, linksUntil } from './queries.ts'
import type { Person } from './schema.ts'

/** Everybody whom the caller's scope concerns, with what they hold as far as it is the caller's to see. */
export async function peopleSeenBy(deps: AccessDeps, caller: Caller): Promise<Person[]> {
  const { db, clock, policy } = deps
  const now = clock.now()
  const accounts = await accountsSeenFrom(db, everywhere(caller) ? undefined : caller.scope)
  const assignments = await everyAssignment(db)
  const factors = await accountsWithFactors(db)
  const links = await linksUntil(db, now)
  const sessions = await countSessions(db, now, now - policy.idleMs)
  const periods = await auditPeriodsIn(db, caller.scope)
  return accounts.map((account) => {
    const held = assignments.get(account.id) ?? []
    const seen = held.filter(({ scope }) => everywhere(caller) || scope === caller.scope || scope === EVERY_SCOPE)
    return {
      id: account.id,
      name: account.name,
      display: account.display,
      email: account.email,
      scope: account.scope,
      origin: account.origin,
      active: account.active === 1,
      breakGlass: account.break_glass === 1,
      roles: seen.flatMap(({ role, scope, origin }) => (isRole(role) ? [{ role, scope, origin }] : [])),
      conflicts: conflictsOf(seen),
      password: account.password !== '',
      secondFactor: factors.has(account.id),
      invited: timeOf(links.get(account.id)),
      created: new Date(account.created).toISOString(),
      lastSeen: timeOf(account.last_seen),
      sessions: sessions.get(account.id) ?? 0,
      auditPeriod: periods.get(account.id) ?? null,
      editable: mayChange(caller, account, held),
    }
  })
}

async function auditPeriodsIn(db: Db, scope: string): Promise<ReadonlyMap<string, NonNullable<Person['auditPeriod']>>> {
  const rows = await auditPeriods(db, scope)
  return new Map(rows.map((row) => [row.holder, { from: timeOf(row.from_at), to: timeOf(row.to_at) }]))
}

/** Duties that meet in one person; those that meet everywhere are not told again for each scope. */
export function conflictsOf(held: readonly Assignment[]): Person['conflicts'] {
  const scopes = [...new Set(held.map(({ scope }) => scope))].sort(
    (a, b) => Number(b === EVERY_SCOPE) - Number(a === EVERY_SCOPE),
  )
  const found: Person['conflicts'] = []
  for (const scope of scopes) {
    const roles = rolesIn(held, scope)
    for (const [one, other] of CONFLICTING_DUTIES) {
      const told = found.some(({ roles: pair, scope: at }) => at === EVERY_SCOPE && pair[0] === one && pair[1] === other)
      if (!told && roles.includes(one) && roles.includes(other)) found.push({ roles: [one, other], scope })
    }
  }
  return found
}

function timeOf(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString()
}

/** What a ledger entry calls an account. */
export function aboutAccount(account: Pick<Account, 'id' | 'name'>): { account: string; name: string } {
  return { account: account.id, name: account.name }
}
