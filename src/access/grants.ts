import { PERMISSIONS, type Permission } from '../platform/http/route.ts'
import { GRANTS, type Grant } from './schema.ts'

const PERMISSIONS_OF: Readonly<Record<Grant, ReadonlySet<Permission>>> = {
  ingest: new Set<Permission>(['public', 'ingest']),
  read: new Set<Permission>([
    'public',
    'events:read',
    'alerts:read',
    'incidents:read',
    'playbooks:read',
    'rules:read',
    'cards:read',
    'ledger:read',
    'sources:read',
    'assets:read',
  ]),
  audit: new Set<Permission>(['public', 'cards:read', 'ledger:read']),
  samples: new Set<Permission>(['public', 'samples:write']),
  metrics: new Set<Permission>(['public', 'metrics:read']),
  scim: new Set<Permission>(['public', 'scim']),
  admin: new Set(
    PERMISSIONS.filter((one) => !['session', 'agent', 'cards:approve', 'alerts:approve', 'playbooks:approve'].includes(one)),
  ),
}

export function isGrant(text: string): text is Grant {
  return (GRANTS as readonly string[]).includes(text)
}

/** What a token may do. An unknown grant (written by a newer version) allows nothing; nobody approves by a token. */
export function grantedBy(grant: string): ReadonlySet<Permission> {
  return isGrant(grant) ? PERMISSIONS_OF[grant] : new Set()
}
