import { useSuspenseQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { sessionSchema } from '../../src/access/schema.ts'
import type { Permission } from '../../src/platform/http/route.ts'
import { sessionQuery } from '../api/queries.ts'

export type Session = z.infer<typeof sessionSchema>

/** Who is signed in, in the scope of the address. Only inside the shell, whose route has asked before. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data
}

/** Whether this person may do it in this scope. The server decides by itself; this only hides what it would refuse. */
export function useMay(): (permission: Permission) => boolean {
  const { permissions } = useSession()
  return (permission) => permissions.includes(permission)
}
