import type { Permission } from '../../../src/platform/http/route.ts'

/** The pages of Settings, in the order of the side list; each is shown to those whose permissions allow it. */
export const SECTIONS = [
  { id: 'you', to: '/settings/you', group: 'own', permission: 'session' },
  { id: 'tokens', to: '/settings/tokens', group: 'access', permission: 'tokens:read' },
] as const satisfies readonly {
  id: string
  to: string
  group: 'own' | 'access' | 'installation'
  permission: Permission
}[]

export type Section = (typeof SECTIONS)[number]
