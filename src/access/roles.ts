import { EVERY_SCOPE, PERMISSIONS, type Permission } from '../platform/http/route.ts'
import { ROLES, type Role } from './schema.ts'

const READ = [
  'public',
  'session',
  'events:read',
  'alerts:read',
  'incidents:read',
  'playbooks:read',
  'rules:read',
  'cards:read',
  'sources:read',
  'assets:read',
] as const satisfies readonly Permission[]

/** The one table of who may do what. `installation` is not a role's: see `permissionsOf`. */
const PERMISSIONS_OF: Readonly<Record<Role, readonly Permission[]>> = {
  // Somebody from outside: what is declared and what proves it, and nothing of daily work.
  examiner: ['public', 'session', 'cards:read', 'ledger:read'],
  viewer: READ,
  analyst: [...READ, 'alerts:write', 'incidents:write', 'ledger:read', 'artefacts:read', 'artefacts:write'],
  responder: [
    ...READ,
    'alerts:write',
    'incidents:write',
    'ledger:read',
    'artefacts:read',
    'artefacts:write',
    'agents:read',
    'agents:respond',
    'connections:read',
    'playbooks:run',
  ],
  engineer: [
    ...READ,
    'ingest',
    'cards:write',
    'samples:write',
    'ledger:read',
    'sources:write',
    'assets:write',
    'agents:read',
    'agents:write',
    'connections:read',
    'connections:write',
    'playbooks:write',
    'tokens:read',
    'tokens:write',
    'metrics:read',
  ],
  auditor: [
    ...READ,
    'ledger:read',
    'artefacts:read',
    'audit:read',
    'agents:read',
    'connections:read',
    'access:read',
    'tokens:read',
    'metrics:read',
  ],
  approver: [...READ, 'ledger:read', 'cards:approve', 'alerts:approve', 'playbooks:approve'],
  administrator: PERMISSIONS.filter(
    (one) => !['installation', 'cards:approve', 'alerts:approve', 'playbooks:approve', 'agent', 'scim'].includes(one),
  ),
}

/** Duties that one person should not hold together in one scope: whoever makes, and whoever approves or checks it. */
export const CONFLICTING_DUTIES: readonly (readonly [Role, Role])[] = [
  ['engineer', 'approver'],
  ['administrator', 'approver'],
  ['administrator', 'auditor'],
  ['engineer', 'auditor'],
  ['responder', 'auditor'],
]

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text)
}

/** A role that a person holds in one scope, or in every scope (`*`). */
export interface Assignment {
  readonly role: string
  readonly scope: string
}

/** The roles that hold in `scope`. A role that a newer version wrote is not known and gives nothing. */
export function rolesIn(assignments: readonly Assignment[], scope: string): Role[] {
  const held = new Set(assignments.filter((one) => one.scope === scope || one.scope === EVERY_SCOPE).map(({ role }) => role))
  return ROLES.filter((role) => held.has(role))
}

/** What a person may do in `scope`. An administrator of every scope also has `installation`. */
export function permissionsOf(assignments: readonly Assignment[], scope: string): ReadonlySet<Permission> {
  const permissions = new Set<Permission>(['public', 'session'])
  for (const role of rolesIn(assignments, scope)) for (const one of PERMISSIONS_OF[role]) permissions.add(one)
  if (assignments.some((one) => one.role === 'administrator' && one.scope === EVERY_SCOPE)) permissions.add('installation')
  return permissions
}
