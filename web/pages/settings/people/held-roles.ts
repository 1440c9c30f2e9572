import type { Person } from '../../../../src/access/people/schema.ts'
import type { RolesReply } from '../../../../src/access/roles/schema.ts'
import { EVERY_SCOPE } from '../../../../src/platform/http/route.ts'
import type { RoleAt } from '../../../api/access.ts'

type Role = RoleAt['role']

export const keyOf = (one: RoleAt): string => `${one.scope} ${one.role}`

/** Roles by the scope they are held in, every scope first. */
export function byScope(roles: readonly RoleAt[]): readonly { readonly scope: string; readonly roles: readonly Role[] }[] {
  const scopes = [...new Set(roles.map(({ scope }) => scope))].sort(scopeOrder)
  return scopes.map((scope) => ({ scope, roles: roles.filter((one) => one.scope === scope).map(({ role }) => role) }))
}

/** Every scope, then the shared one, then by name. */
export function scopeOrder(one: string, other: string): number {
  const rank = (scope: string): number => (scope === EVERY_SCOPE ? 0 : scope === 'default' ? 1 : 2)
  return rank(one) - rank(other) || (one < other ? -1 : 1)
}

/** Pairs of duties in a choice of roles that one person should not hold together; a role of every scope meets all others. */
export function conflictsOf(
  roles: readonly RoleAt[],
  conflicts: RolesReply['conflicts'],
): readonly { readonly roles: readonly [Role, Role]; readonly scope: string }[] {
  const found = byScope(roles).flatMap(({ scope }) => {
    const here = new Set(roles.filter((one) => one.scope === scope || one.scope === EVERY_SCOPE).map(({ role }) => role))
    return conflicts.filter(([one, other]) => here.has(one) && here.has(other)).map((pair) => ({ roles: pair, scope }))
  })
  const everywhere = new Set(found.filter(({ scope }) => scope === EVERY_SCOPE).map((one) => one.roles.join()))
  return found.filter((one) => one.scope === EVERY_SCOPE || !everywhere.has(one.roles.join()))
}

/** Roles that an identity provider keeps: they are changed there. */
export function keptElsewhere(person: Person): readonly RoleAt[] {
  return person.roles.filter(({ origin }) => origin !== 'local')
}
