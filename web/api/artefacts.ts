import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { artefactDetailSchema, artefactsPageSchema } from '../../src/prove/custody/schema.ts'
import { call } from './client.ts'

/** What changes with the ledger is asked for again when it grows: its entries are the chain of custody. */
export const artefactsQuery = infiniteQueryOptions({
  queryKey: ['ledger', 'artefacts'],
  queryFn: ({ signal, pageParam }) =>
    call(artefactsPageSchema, '/api/v1/artefacts', {
      query: { cursor: pageParam === '' ? undefined : pageParam, limit: 60 },
      signal,
    }),
  initialPageParam: '',
  getNextPageParam: (page) => page.next ?? undefined,
})

export const artefactQuery = (id: string) =>
  queryOptions({
    queryKey: ['ledger', 'artefact', id],
    queryFn: ({ signal }) => call(artefactDetailSchema, `/api/v1/artefacts/${encodeURIComponent(id)}`, { signal }),
  })
