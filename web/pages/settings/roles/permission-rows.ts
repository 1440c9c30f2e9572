import type { RolesReply } from '../../../../src/access/roles/schema.ts'

type Permission = RolesReply['items'][number]['permissions'][number]

/** What every person signed in may do is no difference between roles. */
const EVERYBODY: ReadonlySet<Permission> = new Set(['public', 'session'])

export interface PermissionRow {
  readonly permission: Permission
  /** The roles that allow it in their scope. */
  readonly roles: ReadonlySet<string>
  /** The roles that allow it only where they are held in every scope. */
  readonly everywhere: ReadonlySet<string>
}

/** A row for each permission that some role gives, in the order in which the roles first give them. */
export function permissionRows(table: RolesReply): readonly PermissionRow[] {
  const order = new Set(table.items.flatMap(({ permissions, everywhere }) => [...permissions, ...everywhere]))
  return [...order]
    .filter((permission) => !EVERYBODY.has(permission))
    .map((permission) => ({
      permission,
      roles: new Set(table.items.filter((one) => one.permissions.includes(permission)).map(({ role }) => role)),
      everywhere: new Set(table.items.filter((one) => one.everywhere.includes(permission)).map(({ role }) => role)),
    }))
}

/** Message keys hold no colon: i18next reads it as the end of a namespace. */
export function permissionKey(permission: Permission): string {
  return `permission.${permission.replace(':', '-')}`
}
