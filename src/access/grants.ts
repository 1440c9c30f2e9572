import { PERMISSIONS, type Permission } from '../platform/http/route.ts'
import { GRANTS, type Grant } from './schema.ts'

const READ: readonly Permission[] = ['public', 'events:read', 'alerts:read', 'cards:read', 'ledger:read', 'sources:read']

const PERMISSIONS_OF: Readonly<Record<Grant, ReadonlySet<Permission>>> = {
  ingest: new Set<Permission>(['public', 'ingest']),
  read: new Set(READ),
  admin: new Set(PERMISSIONS),
}

export function isGrant(text: string): text is Grant {
  return (GRANTS as readonly string[]).includes(text)
}

/** An unknown grant (written by a newer version) allows nothing. */
export function permissionsOf(grant: string): ReadonlySet<Permission> {
  return isGrant(grant) ? PERMISSIONS_OF[grant] : new Set()
}
