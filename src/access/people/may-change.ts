import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, EVERY_SCOPE, type Permission } from '../../platform/http/route.ts'
import { type Assignment, permissionsOf } from '../roles.ts'
import { ROLES, type Role } from '../schema.ts'
import type { Account } from '../tables.ts'

/** What a role brings beyond what everybody has, and beyond the approval that administrators hand out but do not hold. */
const NOT_COMPARED: readonly Permission[] = ['public', 'session', 'cards:approve', 'alerts:approve', 'playbooks:approve']

/** Whether the caller administers every scope; otherwise only the one they work in. */
export function everywhere(caller: Caller): boolean {
  return caller.permissions.has('installation')
}

/** The roles that bring nothing which the caller may not do. */
export function grantableRoles(caller: Caller): readonly Role[] {
  return ROLES.filter((role) =>
    [...permissionsOf([{ role, scope: caller.scope }], caller.scope)].every(
      (one) => NOT_COMPARED.includes(one) || caller.permissions.has(one),
    ),
  )
}

/** @param scopes every scope that was made. */
export function grantable(caller: Caller, scopes: readonly string[]): readonly { role: Role; scope: string }[] {
  const places = everywhere(caller) ? [...new Set([EVERY_SCOPE, caller.scope, ...scopes])] : [caller.scope]
  return places.flatMap((scope) => grantableRoles(caller).map((role) => ({ role, scope })))
}

/**
 * Whether the caller may change an account itself (its password, whether it is active): all that it may do has to lie
 * within what the caller administers, otherwise a team's administrator could become everybody's.
 */
export function mayChange(caller: Caller, account: Pick<Account, 'scope' | 'break_glass'>, held: readonly Assignment[]): boolean {
  if (everywhere(caller)) return true
  return account.break_glass === 0 && account.scope === caller.scope && held.every(({ scope }) => scope === caller.scope)
}

export function refuseForeign(caller: Caller, account: Account, held: readonly Assignment[]): void {
  if (mayChange(caller, account, held)) return
  throw new KanpekiError('beyond_own', `${account.name} also belongs to other scopes.`, {
    remedy: 'Ask an administrator of all scopes.',
  })
}

const keyOf = ({ role, scope }: Assignment): string => `${role} ${scope}`

/**
 * What the account will hold, of the origin `local`: `wanted` where the caller administers, the rest as it is.
 * @throws KanpekiError `own_roles` where callers would give themselves something, `beyond_own` where they would give what
 *   they may not do themselves, or where they may not.
 */
export function rolesToKeep(
  caller: Caller,
  account: Pick<Account, 'id' | 'name'>,
  held: readonly Assignment[],
  wanted: readonly Assignment[],
): readonly Assignment[] {
  const before = new Set(held.map(keyOf))
  const added = wanted.filter((one) => !before.has(keyOf(one)))
  if (added.length > 0 && caller.account === account.id) {
    throw new KanpekiError('own_roles', 'Nobody gives roles to themselves.', { remedy: 'Ask another administrator.' })
  }
  const mine = (scope: string): boolean => everywhere(caller) || scope === caller.scope
  const roles: readonly string[] = grantableRoles(caller)
  const beyond = added.find(({ role, scope }) => !mine(scope) || !roles.includes(role))
  if (beyond !== undefined) {
    throw new KanpekiError('beyond_own', `${caller.name} may not give the role ${beyond.role} in ${beyond.scope}.`, {
      remedy: 'Only what one may do oneself can be given, and only in a scope one administers.',
    })
  }
  const foreign = held.filter(({ scope }) => !mine(scope))
  const all = [...foreign, ...wanted.filter(({ scope }) => mine(scope))]
  return [...new Map(all.map((one) => [keyOf(one), one])).values()]
}
