import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { type Caller, EVERY_SCOPE, type Permission, type SessionFacts } from '../platform/http/route.ts'
import { grantedBy } from './grants.ts'
import { DEFAULT_POLICY, mustEnrol, type SessionPolicy } from './policy.ts'
import { assignmentsOf, auditPeriodOf, type Db, scopeExists } from './queries.ts'
import { type Assignment, permissionsOf, rolesIn } from './roles.ts'
import type { TokensTable } from './tables.ts'

export const ANONYMOUS: Caller = {
  kind: 'anonymous',
  id: '',
  name: '',
  scope: DEFAULT_SCOPE,
  scopes: [],
  roles: [],
  permissions: new Set<Permission>(['public']),
  account: null,
}

/**
 * A person in the scope asked for, or where none is: the shared scope if it is theirs, otherwise their first. Who still
 * has to set up a second factor may do that and nothing else.
 */
export async function personCaller(
  db: Db,
  account: { readonly id: string; readonly name: string },
  session: SessionFacts,
  asked: string | undefined,
  policy: SessionPolicy = DEFAULT_POLICY,
): Promise<Caller> {
  const assignments = await assignmentsOf(db, account.id)
  const scopes = scopesOf(assignments)
  const scope = asked ?? (scopes.includes(EVERY_SCOPE) || scopes.includes(DEFAULT_SCOPE) ? DEFAULT_SCOPE : scopes[0])
  if (asked !== undefined) await checkScope(db, scopes, asked, account.name)
  const enrol = mustEnrol(policy, session, assignments)
  const roles = scope === undefined ? [] : rolesIn(assignments, scope)
  // Whoever holds another role beside it may read all that this one reads anyway.
  const outside = scope !== undefined && roles.length === 1 && roles[0] === 'examiner'
  return {
    kind: 'person',
    id: account.id,
    name: account.name,
    scope: scope ?? DEFAULT_SCOPE,
    scopes,
    roles,
    permissions: scope === undefined || enrol ? new Set<Permission>(['public', 'session']) : permissionsOf(assignments, scope),
    account: account.id,
    ...(outside ? await periodOf(db, account.id, scope) : {}),
    session: enrol ? { ...session, enrol } : session,
  }
}

/**
 * A token in its own scope. It never does more than the account that made it may do now, so that whoever leaves takes
 * their tokens along; an ingest token goes on, since shippers would lose data: it is listed for rotation instead.
 * One from the command line for the whole installation (`admin`, `metrics`) may work in every scope; none of another scope
 * than the shared one concerns the installation, whoever made it.
 */
export async function tokenCaller(
  db: Db,
  row: Pick<TokensTable, 'id' | 'name' | 'scope' | 'grants' | 'owner' | 'source'>,
  asked: string | undefined,
): Promise<Caller> {
  const everywhere = row.owner === null && row.scope === DEFAULT_SCOPE && ['admin', 'metrics'].includes(row.grants)
  const scopes = everywhere ? [EVERY_SCOPE] : [row.scope]
  if (asked !== undefined) await checkScope(db, scopes, asked, row.name)
  const scope = asked ?? row.scope
  const granted = grantedBy(row.grants)
  let permissions = granted
  if (row.owner !== null && row.grants !== 'ingest') {
    const owner = permissionsOf(await assignmentsOf(db, row.owner), scope)
    permissions = new Set([...granted].filter((one) => one === 'public' || one === 'scim' || owner.has(one)))
  }
  if (row.scope !== DEFAULT_SCOPE) permissions = new Set([...permissions].filter((one) => one !== 'installation'))
  const period = row.grants === 'audit' ? await periodOf(db, row.id, scope) : {}
  const caller: Caller = {
    kind: 'token',
    id: row.id,
    name: row.name,
    scope,
    scopes,
    roles: [],
    permissions,
    account: row.owner,
    ...period,
  }
  return row.source === null ? caller : { ...caller, source: row.source }
}

async function periodOf(db: Db, holder: string, scope: string): Promise<Pick<Caller, 'period'>> {
  const row = await auditPeriodOf(db, holder, scope)
  return row === undefined ? {} : { period: { from: row.from_at, to: row.to_at } }
}

function scopesOf(assignments: readonly Assignment[]): readonly string[] {
  return [...new Set(assignments.map(({ scope }) => scope))].sort()
}

async function checkScope(db: Db, scopes: readonly string[], asked: string, name: string): Promise<void> {
  if (scopes.includes(asked)) return
  if (scopes.includes(EVERY_SCOPE) && (asked === DEFAULT_SCOPE || (await scopeExists(db, asked)))) return
  throw new KanpekiError('foreign_scope', `${name} may not work in a scope '${asked.slice(0, 80)}'.`, {
    remedy: 'Leave out the header x-kanpeki-scope, or name one of your own scopes: GET /api/v1/session lists them.',
  })
}
