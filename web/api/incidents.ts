import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import {
  graphReply,
  type IncidentsQuery,
  incidentDetail,
  incidentsReply,
  policyView,
  timelineReply,
} from '../../src/respond/incidents/schema.ts'
import { call } from './client.ts'

/** Questions about incidents; the first word of a key is their live topic. */

export type IncidentFilter = Partial<Pick<IncidentsQuery, 'state' | 'q' | 'alert' | 'exercises'>>

export const incidentsQuery = (filter: IncidentFilter) =>
  infiniteQueryOptions({
    queryKey: ['incidents', 'list', filter],
    queryFn: ({ signal, pageParam }) =>
      call(incidentsReply, '/api/v1/incidents', {
        query: { ...filter, cursor: pageParam === '' ? undefined : pageParam, limit: 50 },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })

export const incidentQuery = (id: string) =>
  queryOptions({
    queryKey: ['incidents', 'one', id],
    queryFn: ({ signal }) => call(incidentDetail, `/api/v1/incidents/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: 30_000,
  })

export const incidentTimelineQuery = (id: string) =>
  queryOptions({
    queryKey: ['incidents', 'timeline', id],
    queryFn: ({ signal }) => call(timelineReply, `/api/v1/incidents/${encodeURIComponent(id)}/timeline`, { signal }),
  })

export const incidentGraphQuery = (id: string) =>
  queryOptions({
    queryKey: ['incidents', 'graph', id],
    queryFn: ({ signal }) => call(graphReply, `/api/v1/incidents/${encodeURIComponent(id)}/graph`, { signal }),
  })

export const incidentPolicyQuery = queryOptions({
  queryKey: ['incidents', 'policy'],
  queryFn: ({ signal }) => call(policyView, '/api/v1/incident-policy', { signal }),
})
