import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useCallback } from 'react'
import { tell } from '../api/client.ts'

/** Forgets every answer that was given to a session; what the door has asked for itself stays. */
export function forgetHouse(client: QueryClient): void {
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'sign-in' })
}

/** Ends the session and forgets every answer that was given in it. */
export function useSignOut(): () => void {
  const client = useQueryClient()
  const router = useRouter()
  return useCallback(() => {
    void tell('/api/v1/session', { method: 'DELETE' })
      .catch(() => undefined)
      .finally(() => {
        // What the page shows is forgotten once it is left: before that it would only be asked for again.
        void router.navigate({ to: '/sign-in', search: { scope: undefined } }).then(() => forgetHouse(client))
      })
  }, [client, router])
}
