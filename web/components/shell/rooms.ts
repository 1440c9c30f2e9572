import type { Permission } from '../../../src/platform/http/route.ts'
import type { IconName } from '../icon.tsx'

/** The rooms that this version has, in the order of the navigation; `key` follows G. A room opens to those with `permission`. */
export const ROOMS = [
  { id: 'overview', to: '/', icon: 'overview', key: 'o', group: 'top', permission: 'alerts:read' },
  { id: 'declarations', to: '/declarations', icon: 'declarations', key: 'd', group: 'top', permission: 'cards:read' },
  { id: 'review', to: '/review', icon: 'check', key: 'w', group: 'top', permission: 'cards:read' },
  { id: 'triage', to: '/triage', icon: 'triage', key: 't', group: 'detect', permission: 'alerts:read' },
  { id: 'timeline', to: '/timeline', icon: 'timeline', key: 'l', group: 'detect', permission: 'events:read' },
  { id: 'behaviour', to: '/behaviour', icon: 'user', key: 'b', group: 'detect', permission: 'alerts:read' },
  { id: 'protect', to: '/protect', icon: 'shield', key: 'p', group: 'detect', permission: 'events:read' },
  { id: 'rules', to: '/rules', icon: 'rules', key: 'r', group: 'detect', permission: 'rules:read' },
  { id: 'incidents', to: '/incidents', icon: 'incidents', key: 'i', group: 'respond', permission: 'incidents:read' },
  { id: 'playbooks', to: '/playbooks', icon: 'playbooks', key: 'k', group: 'respond', permission: 'playbooks:read' },
  { id: 'exercises', to: '/exercises', icon: 'exercises', key: 'x', group: 'respond', permission: 'incidents:read' },
  { id: 'evidence', to: '/evidence', icon: 'evidence', key: 'e', group: 'prove', permission: 'ledger:read' },
  { id: 'frameworks', to: '/frameworks', icon: 'frameworks', key: 'f', group: 'prove', permission: 'cards:read' },
  { id: 'audit', to: '/audit', icon: 'audit', key: 'a', group: 'prove', permission: 'audit:read' },
  { id: 'sources', to: '/sources', icon: 'sources', key: 's', group: 'prove', permission: 'sources:read' },
  { id: 'vulnerabilities', to: '/vulnerabilities', icon: 'vulnerabilities', key: 'v', group: 'house', permission: 'assets:read' },
  { id: 'hosts', to: '/hosts', icon: 'host', key: 'm', group: 'house', permission: 'events:read' },
  { id: 'assets', to: '/assets', icon: 'assets', key: 'h', group: 'house', permission: 'assets:read' },
  { id: 'settings', to: '/settings', icon: 'settings', key: ',', group: 'house', permission: 'session' },
] as const satisfies readonly {
  id: string
  to: string
  icon: IconName
  key: string
  group: 'top' | 'detect' | 'respond' | 'prove' | 'house'
  permission: Permission
}[]

export type Room = (typeof ROOMS)[number]
export type RoomId = Room['id']

export function roomOf(pathname: string): RoomId {
  if (pathname.startsWith('/first-week')) return 'declarations'
  return ROOMS.find((room) => room.to !== '/' && pathname.startsWith(room.to))?.id ?? 'overview'
}
