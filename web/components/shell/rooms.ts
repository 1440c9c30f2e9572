import type { IconName } from '../icon.tsx'

/** The rooms that this version has, in the order of the navigation; `key` follows G. */
export const ROOMS = [
  { id: 'overview', to: '/', icon: 'overview', key: 'o', group: 'top' },
  { id: 'declarations', to: '/declarations', icon: 'declarations', key: 'd', group: 'top' },
  { id: 'triage', to: '/triage', icon: 'triage', key: 't', group: 'detect' },
  { id: 'timeline', to: '/timeline', icon: 'timeline', key: 'l', group: 'detect' },
  { id: 'rules', to: '/rules', icon: 'rules', key: 'r', group: 'detect' },
  { id: 'evidence', to: '/evidence', icon: 'evidence', key: 'e', group: 'prove' },
  { id: 'sources', to: '/sources', icon: 'sources', key: 's', group: 'prove' },
] as const satisfies readonly {
  id: string
  to: string
  icon: IconName
  key: string
  group: 'top' | 'detect' | 'prove'
}[]

export type Room = (typeof ROOMS)[number]
export type RoomId = Room['id'] | 'access'

export function roomOf(pathname: string): RoomId {
  if (pathname.startsWith('/access')) return 'access'
  return ROOMS.find((room) => room.to !== '/' && pathname.startsWith(room.to))?.id ?? 'overview'
}
