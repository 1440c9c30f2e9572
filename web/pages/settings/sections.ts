import type { Permission } from '../../../src/platform/http/route.ts'

/** The pages of Settings, in the order of the side list; each is shown to those whose permissions allow it. */
export const SECTIONS = [
  { id: 'you', to: '/settings/you', group: 'own', permission: 'session' },
  { id: 'people', to: '/settings/people', group: 'access', permission: 'access:read' },
  { id: 'roles', to: '/settings/roles', group: 'access', permission: 'session' },
  { id: 'tokens', to: '/settings/tokens', group: 'access', permission: 'tokens:read' },
  { id: 'agents', to: '/settings/agents', group: 'access', permission: 'agents:read' },
  { id: 'review', to: '/settings/review', group: 'access', permission: 'access:read' },
  { id: 'notify', to: '/settings/notify', group: 'access', permission: 'sources:write' },
  { id: 'connections', to: '/settings/connections', group: 'access', permission: 'connections:read' },
  { id: 'scopes', to: '/settings/scopes', group: 'installation', permission: 'installation' },
  { id: 'sso', to: '/settings/sso', group: 'installation', permission: 'installation' },
  { id: 'keeping', to: '/settings/keeping', group: 'installation', permission: 'installation' },
  { id: 'config', to: '/settings/config', group: 'installation', permission: 'installation' },
] as const satisfies readonly {
  id: string
  to: string
  group: 'own' | 'access' | 'installation'
  permission: Permission
}[]

export type Section = (typeof SECTIONS)[number]
