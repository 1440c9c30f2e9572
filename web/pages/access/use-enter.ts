import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useCallback } from 'react'
import { sessionQuery } from '../../api/queries.ts'
import type { Session } from '../../components/session.ts'
import { inside } from './inside.ts'

/** Goes into the house with a new session, to where the person wanted to be. */
export function useEnter(): (session: Session, to?: string) => void {
  const client = useQueryClient()
  const router = useRouter()
  return useCallback(
    (session, to) => {
      // Nothing that was asked before, by whoever, is shown to this person.
      client.clear()
      client.setQueryData(sessionQuery.queryKey, session)
      router.history.push(inside(to, window.location.origin))
    },
    [client, router],
  )
}
