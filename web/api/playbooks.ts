import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { checked, guardsView, inbox, playbookList, playbookView, runList, runView } from '../../src/respond/playbooks/schema.ts'
import { call } from './client.ts'

/** Questions about playbooks and runs; the first word of a key is their live topic. */

export const playbooksQuery = queryOptions({
  queryKey: ['playbooks', 'list'],
  queryFn: ({ signal }) => call(playbookList, '/api/v1/playbooks', { signal }),
  refetchInterval: 30_000,
})

export const playbookQuery = (id: string) =>
  queryOptions({
    queryKey: ['playbooks', 'one', id],
    queryFn: ({ signal }) => call(playbookView, `/api/v1/playbooks/${encodeURIComponent(id)}`, { signal }),
  })

/** What is wrong with a text, its graph and how its tests end. */
export const checkQuery = (source: string) =>
  queryOptions({
    queryKey: ['check-playbook', source],
    queryFn: ({ signal }) => call(checked, '/api/v1/respond/check', { method: 'POST', body: { source }, signal }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: source.trim() !== '',
  })

export const inboxQuery = queryOptions({
  queryKey: ['playbooks', 'inbox'],
  queryFn: ({ signal }) => call(inbox, '/api/v1/respond/inbox', { signal }),
  refetchInterval: 15_000,
})

export const runsQuery = (filter: { readonly state?: string | undefined; readonly playbook?: string | undefined }) =>
  infiniteQueryOptions({
    queryKey: ['playbooks', 'runs', filter],
    queryFn: ({ signal, pageParam }) =>
      call(runList, '/api/v1/runs', {
        query: { ...filter, limit: 50, cursor: pageParam === '' ? undefined : pageParam },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  })

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['playbooks', 'run', id],
    queryFn: ({ signal }) => call(runView, `/api/v1/runs/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'waiting' || state.data?.state === 'undoing' ? 2_000 : false),
  })

export const guardsQuery = queryOptions({
  queryKey: ['playbooks', 'guards'],
  queryFn: ({ signal }) => call(guardsView, '/api/v1/respond/guards', { signal }),
})
